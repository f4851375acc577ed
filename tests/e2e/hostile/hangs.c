/* hangs FOLDER [OPTION [takes]]: mounts a file system of FUSE there that answers nothing, as one whose server is gone, and says
 * so. It hangs whoever touches it until this program ends. Without the option allow_other it refuses whoever is not the
 * user that mounted it. With `takes` it takes what it is asked, so that not even SIGKILL ends who asked. */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char options[200];
    int fuse = open("/dev/fuse", O_RDWR);
    if (argc < 2 || fuse < 0) return perror("/dev/fuse"), 1;
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0%s%s", fuse, argc > 2 ? "," : "",
             argc > 2 ? argv[2] : "");
    if (mount("hangs", argv[1], "fuse", 0, options)) return perror("mount"), 1;
    puts("mounted");
    fflush(stdout);
    if (argc < 4) for (;;) pause();
    static char asked[1 << 20];
    struct {
        struct fuse_out_header head;
        char init[24]; /* what version 7.12 says: major, minor, the rest is 0 */
    } answer = {.head.len = sizeof answer, .init = {7, 0, 0, 0, 12}};
    if (read(fuse, asked, sizeof asked) < 0) return perror("read"), 1;
    answer.head.unique = ((struct fuse_in_header *)asked)->unique;
    if (write(fuse, &answer, sizeof answer) < 0) return perror("write"), 1;
    while (read(fuse, asked, sizeof asked) > 0) {}
    for (;;) pause();
}
