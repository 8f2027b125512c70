/* Runs a command and interferes with one system call of one of its processes, or counts them.
 *
 *   interrupt REPORT WHO NTH ACTION COMMAND [ARG...]
 *
 * WHO: 0 the command, 1 the first process it makes, 2 the second, ... NTH: which of its system
 * calls, from 1. ACTION: "count", "kill" (in the place of the call), "kill-after" (the call has
 * happened), or the number of an error that the call fails with, undone. strace can do the same
 * to all processes at once, but not to one of them.
 *
 * REPORT gets a line for each process: WHO, how many system calls it made, how it ended (as a
 * shell's $?), and the number of the call that was interfered with (-1: none). Waits for all of
 * them; the exit status is the command's. Linux, x86_64 and aarch64. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 16

struct traced {
    pid_t pid;
    long calls;
    int status;
    long hit; /* the call that was interfered with */
    bool inside, failing, ended;
};

static struct traced processes[PROCESSES];
static size_t count;

static struct traced *find(pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (processes[i].pid == pid)
            return &processes[i];
    if (count == PROCESSES)
        exit(99);
    processes[count] = (struct traced){.pid = pid, .hit = -1};
    return &processes[count++];
}

#if defined __x86_64__
static long call_number(pid_t pid)
{
    struct user_regs_struct regs;
    return ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0 ? (long)regs.orig_rax : -1;
}

static void call_nothing(pid_t pid)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0) {
        regs.orig_rax = (unsigned long)-1;
        ptrace(PTRACE_SETREGS, pid, NULL, &regs);
    }
}

static void return_error(pid_t pid, int error)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0) {
        regs.rax = (unsigned long)-error;
        ptrace(PTRACE_SETREGS, pid, NULL, &regs);
    }
}
#else
static long call_number(pid_t pid)
{
    struct user_regs_struct regs;
    struct iovec io = {&regs, sizeof regs};
    return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) == 0 ? (long)regs.regs[8] : -1;
}

static void call_nothing(pid_t pid)
{
    int number = -1;
    struct iovec io = {&number, sizeof number};
    ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

static void return_error(pid_t pid, int error)
{
    struct user_regs_struct regs;
    struct iovec io = {&regs, sizeof regs};
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) == 0) {
        regs.regs[0] = (unsigned long)-error;
        ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
    }
}
#endif

static struct {
    size_t who;
    long nth;
    bool kill, kill_after;
    int error;
} plan;

static void at_call(struct traced *p)
{
    bool hit;

    p->inside = !p->inside;
    if (!p->inside) {
        if (p->failing)
            return_error(p->pid, plan.error);
        p->failing = false;
        if (plan.kill_after && p->hit >= 0)
            kill(p->pid, SIGKILL);
        return;
    }
    p->calls++;
    hit = p == &processes[plan.who] && p->calls == plan.nth;
    if (!hit)
        return;
    p->hit = call_number(p->pid);
    if (plan.kill)
        kill(p->pid, SIGKILL);
    if (plan.error != 0) {
        call_nothing(p->pid);
        p->failing = true;
    }
}

/* What a stop wants handed on when the process goes on: a signal, or nothing. */
static int handle_stop(struct traced *p, int status)
{
    int sig = WSTOPSIG(status);

    if (sig == (SIGTRAP | 0x80)) {
        at_call(p);
        return 0;
    }
    if (status >> 16 != 0) /* an event of ptrace's own */
        return 0;
    return sig == SIGSTOP && p->calls == 0 ? 0 : sig; /* the stop that tracing begins with */
}

static void trace(void)
{
    size_t alive = 1;
    int status;
    pid_t pid;

    while (alive > 0 && (pid = waitpid(-1, &status, __WALL)) > 0) {
        size_t before = count;
        struct traced *p = find(pid);
        alive += count - before;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            p->ended = true;
            alive--;
        } else {
            unsigned long message;
            if (status >> 16 == PTRACE_EVENT_FORK || status >> 16 == PTRACE_EVENT_VFORK ||
                status >> 16 == PTRACE_EVENT_CLONE) {
                /* Known from now on: it may stop for the first time after we have ended. */
                ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message);
                before = count;
                find((pid_t)message);
                alive += count - before;
            }
            ptrace(PTRACE_SYSCALL, pid, NULL, handle_stop(p, status));
        }
    }
}

int main(int argc, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    FILE *report;
    int status;
    pid_t pid;

    if (argc < 6)
        return 99;
    plan.who = strtoul(argv[2], NULL, 10);
    plan.nth = strtol(argv[3], NULL, 10);
    plan.kill = strcmp(argv[4], "kill") == 0;
    plan.kill_after = strcmp(argv[4], "kill-after") == 0;
    plan.error = atoi(argv[4]);
    pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(argv[5], argv + 5);
        _exit(98);
    }
    if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
        return 99;
    find(pid)->inside = true; /* within raise(): its end comes first */
    ptrace(PTRACE_SETOPTIONS, pid, NULL, options);
    ptrace(PTRACE_SYSCALL, pid, NULL, 0);
    trace();
    report = fopen(argv[1], "w");
    for (size_t i = 0; report != NULL && i < count; i++)
        fprintf(report, "%zu %ld %d %ld\n", i, processes[i].calls, processes[i].status,
                processes[i].hit);
    return report == NULL || fclose(report) != 0 ? 99 : processes[0].status;
}
