/* What `amr chkconfig` is measured against; see ../links.rs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct script { char *name; unsigned on, linked; };

static struct script *scripts;
static size_t count, room;
static long needs;

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct script *)a)->name, ((const struct script *)b)->name);
}

static void read_names(void) {
    DIR *folder = opendir("/etc/init.d");
    struct dirent *e;
    while (folder && (e = readdir(folder))) {
        if (e->d_name[0] == '.') continue;
        if (count == room) scripts = realloc(scripts, (room = room * 2 + 64) * sizeof *scripts);
        scripts[count++] = (struct script){strdup(e->d_name), 0, 0};
    }
    if (folder) closedir(folder);
    qsort(scripts, count, sizeof *scripts, by_name);
}

/* Notes the links of every script, and looks where those of `name` lead. */
static void read_links(const char *name) {
    char path[32], text[512];
    for (int level = 0; level < 7; level++) {
        sprintf(path, "/etc/rc%d.d", level);
        DIR *folder = opendir(path);
        struct dirent *e;
        while (folder && (e = readdir(folder))) {
            if ((e->d_name[0] != 'S' && e->d_name[0] != 'K') || strlen(e->d_name) < 4) continue;
            struct script key = {e->d_name + 3, 0, 0}, *found = bsearch(&key, scripts, count, sizeof key, by_name);
            if (!found) continue;
            found->linked |= 1u << level;
            if (e->d_name[0] == 'S') found->on |= 1u << level;
            if (name && !strcmp(found->name, name))
                needs += readlinkat(dirfd(folder), e->d_name, text, sizeof text) > 0;
        }
        if (folder) closedir(folder);
    }
}

/* The words of a list, each kept. */
static void keep(char *line) {
    char *end = strchrnul(line, '\n'), *copy = strndup(line, end - line), *rest = copy, *word;
    while ((word = strsep(&rest, " \t"))) needs += *word && strdup(word);
    free(copy);
}

/* Is it a service of chkconfig's? */
static int read_script(const char *name, int with_needs) {
    char path[512];
    struct stat st;
    int found = 0;
    snprintf(path, sizeof path, "/etc/init.d/%s", name);
    int fd = open(path, O_RDONLY);
    if (fd < 0) return 0;
    if (fstat(fd, &st)) exit(1);
    char *text = malloc(st.st_size + 1);
    ssize_t size = read(fd, text, st.st_size);
    close(fd);
    if (size < 0) exit(1);
    text[size] = 0;
    for (char *line = text; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : 0) {
        if (strncmp(line, "# ", 2)) continue;
        char *key = line + 2, *value = strchr(key, ':');
        if (!strncmp(key, "chkconfig:", 10) || !strncmp(key, "Default-Start:", 14)) found = 1;
        if (with_needs && value &&
            (!strncmp(key, "Provides:", 9) || !strncmp(key, "Required-", 9) || !strncmp(key, "Should-", 7)))
            keep(value + 1);
    }
    free(text);
    return found;
}

static void row(const struct script *s) {
    const char *word[7];
    for (int level = 0; level < 7; level++) word[level] = s->on & 1u << level ? "on" : "off";
    printf("%-15s\t0:%s\t1:%s\t2:%s\t3:%s\t4:%s\t5:%s\t6:%s\n", s->name, word[0], word[1], word[2], word[3],
           word[4], word[5], word[6]);
}

int main(int argc, char **argv) {
    const char *on = argc > 2 && !strcmp(argv[1], "on") ? argv[2] : NULL;
    read_names();
    read_links(on);
    for (size_t i = 0; i < count; i++)
        if (read_script(scripts[i].name, on != NULL) && !on && scripts[i].linked) row(&scripts[i]);
    if (on) printf("%ld\n", needs);
    return 0;
}
