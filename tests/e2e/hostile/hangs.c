/* hangs FOLDER [OPTION]: mounts a file system of FUSE there that answers nothing, as one whose server is gone, and says
 * so. It hangs whoever touches it until this program ends. Without the option allow_other it refuses whoever is not the
 * user that mounted it. */
#include <fcntl.h>
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
    for (;;) pause();
}
