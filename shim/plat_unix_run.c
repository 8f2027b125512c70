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

static volatile sig_atomic_t command_pid;

/* What the terminal sends goes to the whole process group, the command included. What a process
 * sends to us alone is meant for the command. */
static void forward(int sig, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (command_pid > 0 && info->si_pid != 0 && info->si_pid != (pid_t)command_pid)
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
    for (int sig = 1; sig < 32; sig++) {
        bool fault = sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE ||
                     sig == SIGABRT || sig == SIGTRAP || sig == SIGSYS;
        if (fault || sig == SIGKILL || sig == SIGSTOP || sig == SIGCHLD)
            continue;
        if (sigaction(sig, NULL, &theirs) == 0 && theirs.sa_handler != SIG_IGN)
            sigaction(sig, &ours, NULL);
    }
}

static void execute(char **command, const sigset_t *mask)
{
    int status;

    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(command[0], command);
    status = errno == ENOENT || errno == ENOTDIR ? 127 : 126;
    fprintf(stderr, "footfall: %s: %s\n", command[0],
            status == 127 ? "command not found" : strerror(errno));
    _exit(status);
}

/* Follows the command into a stop, so that the caller's shell sees its job stop, and out of it. */
static void stop_along(void)
{
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
        if (WIFSTOPPED(status))
            stop_along();
        else
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
    sigset_t all, mask;
    pid_t pid;

    /* Held back until there is a command to forward them to. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    forward_signals();
    pid = fork();
    if (pid == 0)
        execute(command, &mask);
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
