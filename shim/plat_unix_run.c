/* Unix: running a command as if nobody stood between it and its caller. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plat_unix.h"

/* A sender in an outer namespace of processes has the number 0 here, as the kernel has. */
#ifdef SI_KERNEL
#define FROM_KERNEL(info) ((info)->si_code == SI_KERNEL)
#else
#define FROM_KERNEL(info) ((info)->si_pid == 0)
#endif

static volatile sig_atomic_t command_pid;

/* What the terminal makes goes to the whole foreground group, the command included; only that it
 * has gone is told the session's leader alone. */
static bool had_by_the_group(int sig, const siginfo_t *info)
{
    switch (sig) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGCONT:
    case SIGWINCH:
        return FROM_KERNEL(info);
    case SIGHUP:
        return FROM_KERNEL(info) && getsid(0) != getpid();
    default:
        return false;
    }
}

/* All else that reaches us is meant for the command. */
static void forward(int sig, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (command_pid > 0 && info->si_pid != (pid_t)command_pid && !had_by_the_group(sig, info))
        kill((pid_t)command_pid, sig);
    errno = saved;
}

/* Handlers, not SIG_IGN: exec() takes handlers back, so that the command starts with exactly the
 * dispositions that our caller chose. What the caller ignores stays ignored. */
static void forward_signals(void)
{
    struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_RESTART}, theirs;

    ours.sa_sigaction = forward;
    sigfillset(&ours.sa_mask);
    for (int sig = 1; sig <= UNIX_SIGNAL_MAX; sig++) {
        bool fault = sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE ||
                     sig == SIGABRT || sig == SIGTRAP || sig == SIGSYS;
        if (fault || sig == SIGKILL || sig == SIGSTOP || sig == SIGCHLD)
            continue;
        if (sigaction(sig, NULL, &theirs) == 0 && theirs.sa_handler != SIG_IGN)
            sigaction(sig, &ours, NULL);
    }
}

/* A script that does not name its interpreter is the shell's, which execvp() sees to in some C
 * libraries. Comes back when there is no shell. */
static void execute_by_shell(char **command)
{
    static const char line[] = "exec \"$0\" \"$@\"";
    size_t count = 0;
    const char **words;

    while (command[count] != NULL)
        count++;
    words = calloc(count + 4, sizeof *words);
    if (words == NULL)
        return;
    words[0] = "sh";
    words[1] = "-c";
    words[2] = line;
    memcpy(words + 3, command, count * sizeof *words);
    execv("/bin/sh", (char **)(uintptr_t)words);
    free(words);
    errno = ENOEXEC;
}

static void execute(char **command, const sigset_t *mask, const struct sigaction *children)
{
    int status;

    sigaction(SIGCHLD, children, NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(command[0], command);
    if (errno == ENOEXEC)
        execute_by_shell(command);
    status = errno == ENOENT || errno == ENOTDIR ? 127 : 126;
    fprintf(stderr, "footfall: %s: %s\n", command[0],
            status == 127 ? "command not found" : strerror(errno));
    _exit(status);
}

/* Follows the command into a stop, so that the caller's shell sees its job stop, and out of it:
 * where there is such a shell, or nobody would continue us when the command is continued. */
static void stop_along(void)
{
    pid_t parent = getppid();

    if (getsid(parent) != getsid(0) || getpgid(parent) == getpgrp())
        return;
    raise(SIGSTOP);
    kill((pid_t)command_pid, SIGCONT);
}

static int await(void)
{
    for (;;) {
        int status;
        /* Any child: as the first process of a container we inherit others' orphans. */
        pid_t pid = waitpid(-1, &status, WUNTRACED);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return 126;
        if (pid != (pid_t)command_pid)
            continue;
        if (WIFSTOPPED(status)) {
            stop_along();
            continue;
        }
        command_pid = 0; /* the number may be another's by now */
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

/* Our copies of the command's streams would keep its pipes open after it has closed them. */
static void let_go_of_streams(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int i = 0; fd >= 0 && i < 3; i++)
        dup2(fd, i);
    unix_close_all_but(-1, -1);
}

int plat_run(char **command)
{
    const struct sigaction kept = {.sa_handler = SIG_DFL};
    struct sigaction children;
    sigset_t all, mask;
    pid_t pid;

    /* Held back until there is a command to forward them to. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    forward_signals();
    /* Whose end is ignored leaves no status behind. */
    sigaction(SIGCHLD, &kept, &children);
    pid = fork();
    if (pid == 0)
        execute(command, &mask, &children);
    if (pid < 0) {
        sigprocmask(SIG_SETMASK, &mask, NULL);
        fprintf(stderr, "footfall: cannot make a process: %s\n", strerror(errno));
        return 126;
    }
    command_pid = pid;
    let_go_of_streams();
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return await();
}
