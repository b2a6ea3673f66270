/* This file is about what a disk keeps: at each fsync the content, or the names of a folder, is copied aside.

   Loaded with LD_PRELOAD into a program under test. BOWERBIRD_SHADOW names the folder for the copies:
   file-<inode>-<birth> is the content of a file as it was synced last; folder-<inode>-<birth> lists the names in
   a folder as they were synced last, one "<key> <name>" a line. What is in neither was never on the disk. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define LONG 4200

static int birth_key(int folder, const char *name, char *key, int *is_folder) {
    struct statx seen;
    int flags = AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH);
    if (statx(folder, name, flags, STATX_BTIME | STATX_INO | STATX_MODE, &seen)) return -1;
    snprintf(key, 100, "%llu-%lld.%09u", (unsigned long long)seen.stx_ino, (long long)seen.stx_btime.tv_sec,
             seen.stx_btime.tv_nsec);
    *is_folder = S_ISDIR(seen.stx_mode);
    return 0;
}

static void copy_file(int from, const char *to) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", from);
    int in = open(path, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in >= 0 && out >= 0)
        while (sendfile(out, in, NULL, 1 << 22) > 0) {}
    if (in >= 0) close(in);
    if (out >= 0) close(out);
}

static void list_folder(int from, const char *to) {
    char path[64], key[100];
    int is_folder;
    snprintf(path, sizeof path, "/proc/self/fd/%d", from);
    DIR *names = opendir(path);
    FILE *out = fopen(to, "we");
    struct dirent *entry;
    while (names && out && (entry = readdir(names)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
            !birth_key(dirfd(names), entry->d_name, key, &is_folder))
            fprintf(out, "%s %s\n", key, entry->d_name);
    if (out) fclose(out);
    if (names) closedir(names);
}

static void keep(int file) {
    const char *shadow = getenv("BOWERBIRD_SHADOW");
    char key[100], draft[LONG], path[LONG];
    int is_folder;
    if (!shadow || birth_key(file, "", key, &is_folder)) return;
    snprintf(path, sizeof path, "%s/%s-%s", shadow, is_folder ? "folder" : "file", key);
    snprintf(draft, sizeof draft, "%s/draft-%d-%d-%s", shadow, getpid(), gettid(), key);
    if (is_folder) list_folder(file, draft);
    else copy_file(file, draft);
    rename(draft, path); /* a kill in the middle leaves the copy before */
}

#define KEEPING(name)                                                     \
    int name(int file) {                                                  \
        static int (*real)(int);                                          \
        if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #name);          \
        int answer = real(file);                                          \
        if (!answer) keep(file);                                          \
        return answer;                                                    \
    }

KEEPING(fsync)
KEEPING(fdatasync)
