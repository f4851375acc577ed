/* What `amr chkconfig` is measured against; see ../links.rs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `name` stands behind the letter and the two digits. */
struct link { char *name; int level; char turn; };

static struct link *links;
static char **scripts;
static size_t link_count, link_room, script_count, script_room;
static long needs;

static int by_link(const void *a, const void *b) {
    return strcmp(((const struct link *)a)->name, ((const struct link *)b)->name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_links(void) {
    char path[32];
    for (int level = 0; level < 7; level++) {
        sprintf(path, "/etc/rc%d.d", level);
        DIR *folder = opendir(path);
        struct dirent *e;
        while (folder && (e = readdir(folder))) {
            char turn = e->d_name[0];
            if ((turn != 'S' && turn != 'K') || strlen(e->d_name) < 4) continue;
            if (link_count == link_room) links = realloc(links, (link_room = link_room * 2 + 64) * sizeof *links);
            links[link_count++] = (struct link){strdup(e->d_name) + 3, level, turn};
        }
        if (folder) closedir(folder);
    }
    qsort(links, link_count, sizeof *links, by_link);
}

static void read_names(void) {
    DIR *folder = opendir("/etc/init.d");
    struct dirent *e;
    while (folder && (e = readdir(folder))) {
        if (e->d_name[0] == '.') continue;
        if (script_count == script_room) scripts = realloc(scripts, (script_room = script_room * 2 + 64) * sizeof *scripts);
        scripts[script_count++] = strdup(e->d_name);
    }
    if (folder) closedir(folder);
    qsort(scripts, script_count, sizeof *scripts, by_name);
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

static void row(const char *name) {
    struct link key = {(char *)name, 0, 0}, *at = bsearch(&key, links, link_count, sizeof *links, by_link);
    int on[7] = {0};
    if (!at) return;
    while (at > links && !strcmp(at[-1].name, name)) at--;
    for (; at < links + link_count && !strcmp(at->name, name); at++) on[at->level] |= at->turn == 'S';
    printf("%-15s", name);
    for (int level = 0; level < 7; level++) printf("\t%d:%s", level, on[level] ? "on" : "off");
    putchar('\n');
}

static void read_targets(const char *name) {
    char path[512], text[512];
    struct link key = {(char *)name, 0, 0}, *at = bsearch(&key, links, link_count, sizeof *links, by_link);
    if (!at) return;
    while (at > links && !strcmp(at[-1].name, name)) at--;
    for (; at < links + link_count && !strcmp(at->name, name); at++) {
        snprintf(path, sizeof path, "/etc/rc%d.d/%s", at->level, at->name - 3);
        needs += readlink(path, text, sizeof text) > 0;
    }
}

int main(int argc, char **argv) {
    int on = argc > 2 && !strcmp(argv[1], "on");
    read_links();
    read_names();
    if (on) read_targets(argv[2]);
    for (size_t i = 0; i < script_count; i++)
        if (read_script(scripts[i], on) && !on) row(scripts[i]);
    if (on) printf("%ld\n", needs);
    return 0;
}
