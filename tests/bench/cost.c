// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What one run of a program costs, told on stdout: wall time and CPU time (user and system) in seconds, peak
 * memory in KB (the largest of the program and of the children it waited for), and its wait status.
 *
 * usage: cost OUTPUT PROGRAM [ARGUMENT ...]
 * The program's stdout goes to the file OUTPUT.
 *
 * A small program of its own, because the kernel's peak of a process begins with the size of the process that
 * it was forked from (execve keeps it): started by the big interpreter of the benchmarks, every small program
 * looks as big.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: cost OUTPUT PROGRAM [ARGUMENT ...]\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    double start = now();
    int error = posix_spawnp(&child, argv[2], &files, NULL, argv + 2, environ);
    if (error != 0) {
        fprintf(stderr, "cost: %s: %s\n", argv[2], strerror(error));
        return 2;
    }
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return 2;
    double wall = now() - start;
    printf("%.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss,
           status);
    posix_spawn_file_actions_destroy(&files);
    return 0;
}
