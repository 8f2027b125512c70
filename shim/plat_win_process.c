/* Windows: processes of their own, and deadlines. There is no fork(): the program starts itself
 * once more and hands the job over through a pipe. */
#include "plat_win.h"

#include <stdio.h>
#include <string.h>

#include "job.h"

/* What goes through the pipe. Handles are those of the process that reads it. */
struct parcel {
    size_t size; /* of a parcel: anything else on standard input is none */
    long report; /* -1: nobody waits for one */
    struct job job;
};

#define KEEP_MAX 3 /* handles that a new process inherits */

struct keep {
    HANDLE handle[KEEP_MAX];
    DWORD count;
};

static HANDLE report_pipe;  /* NULL: nobody waits for a report */
static HANDLE deadline_off; /* NULL: there is no deadline */
static HANDLE deadline_thread;

/* A copy that the new process inherits; its number means the same there. -1: none. */
static long keep_copy(struct keep *keep, HANDLE handle)
{
    const HANDLE self = GetCurrentProcess();
    HANDLE copy;

    if (handle == NULL ||
        !DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
        return -1;
    keep->handle[keep->count++] = copy;
    return HandleToLong(copy);
}

/* Starts this program with these handles and no others of ours or of our caller's; outside the
 * caller's job where the job lets it go, so that the end of an installer's job is not its end. */
static bool start_self(struct keep *keep, HANDLE in)
{
    const DWORD flags = EXTENDED_STARTUPINFO_PRESENT | DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP;
    wchar_t program[WIN_PATH_MAX], folder[WIN_PATH_MAX];
    wchar_t line[] = L"footfall " WIN_JOB_ARGUMENT;
    _Alignas(16) unsigned char list[128]; /* one attribute takes 48 bytes */
    SIZE_T size = sizeof list;
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES}};
    PROCESS_INFORMATION info;
    bool made;

    start.StartupInfo.hStdInput = in;
    start.lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)(void *)list;
    /* Not the caller's folder, which could not be removed as long as a process is in it. */
    if (GetModuleFileNameW(NULL, program, WIN_PATH_MAX) >= WIN_PATH_MAX ||
        GetSystemDirectoryW(folder, WIN_PATH_MAX) >= WIN_PATH_MAX ||
        !InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size))
        return false;
    made =
        UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                  keep->handle, keep->count * sizeof *keep->handle, NULL, NULL) &&
        (CreateProcessW(program, line, NULL, NULL, TRUE, flags | CREATE_BREAKAWAY_FROM_JOB, NULL,
                        folder, &start.StartupInfo, &info) ||
         CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL, folder, &start.StartupInfo,
                        &info));
    DeleteProcThreadAttributeList(start.lpAttributeList);
    if (made) {
        CloseHandle(info.hThread);
        CloseHandle(info.hProcess);
    }
    return made;
}

static bool hand_over(const struct job *job, HANDLE report)
{
    struct parcel parcel = {.size = sizeof parcel, .job = *job};
    struct keep keep = {.count = 0};
    HANDLE in, out;
    DWORD n;
    long in_copy;
    bool made;

    /* The pipe holds all of it: nobody waits for the new process to read. */
    if (!CreatePipe(&in, &out, NULL, 2 * sizeof parcel))
        return false;
    in_copy = keep_copy(&keep, in);
    CloseHandle(in);
    parcel.report = keep_copy(&keep, report);
    parcel.job.watched.handle = keep_copy(
        &keep, job->watch && job->watched.handle != -1 ? LongToHandle(job->watched.handle) : NULL);
    made = in_copy != -1 && start_self(&keep, LongToHandle(in_copy));
    while (keep.count > 0)
        CloseHandle(keep.handle[--keep.count]);
    made = made && WriteFile(out, &parcel, sizeof parcel, &n, NULL) && n == sizeof parcel;
    CloseHandle(out);
    return made;
}

static bool read_full(HANDLE in, void *out, size_t len)
{
    DWORD done = 0, n;

    while (done < len && ReadFile(in, (char *)out + done, (DWORD)len - done, &n, NULL) && n > 0)
        done += n;
    return done == len;
}

void win_run_job(void)
{
    static struct parcel parcel;
    bool whole = read_full(GetStdHandle(STD_INPUT_HANDLE), &parcel, sizeof parcel) &&
                 parcel.size == sizeof parcel;

    plat_hush();
    if (!whole)
        return;
    if (parcel.report != -1)
        report_pipe = LongToHandle(parcel.report);
    /* What we start ourselves inherits none of these. */
    if (report_pipe != NULL)
        SetHandleInformation(report_pipe, HANDLE_FLAG_INHERIT, 0);
    job_run(&parcel.job);
}

/* Waits for the report, at most ms; false: the other end closed or time is up. A pipe's read
 * cannot be given a limit, so this looks every few milliseconds. */
static bool await_report(HANDLE in, unsigned ms, struct report *report)
{
    const ULONGLONG end = GetTickCount64() + ms;
    DWORD there;

    while (PeekNamedPipe(in, NULL, 0, NULL, &there, NULL)) {
        if (there >= sizeof *report)
            return read_full(in, report, sizeof *report);
        if (GetTickCount64() >= end)
            return false;
        Sleep(2);
    }
    return false;
}

static void say_failure(struct report *report, const char *what)
{
    snprintf(report->detail, sizeof report->detail, "cannot make a %s (Windows error %lu)", what,
             GetLastError());
}

bool plat_detach(const struct job *job, unsigned wait_ms, struct report *report)
{
    HANDLE in = NULL, out = NULL;
    bool reported = false;

    *report = (struct report){.delivery = NOT_DELIVERED};
    snprintf(report->detail, sizeof report->detail, "gave up when the deadline had passed");
    if (wait_ms > 0 && !CreatePipe(&in, &out, NULL, 2 * sizeof *report)) {
        say_failure(report, "pipe");
        return false;
    }
    if (!hand_over(job, out)) {
        say_failure(report, "process");
        wait_ms = 0;
    }
    if (out != NULL)
        CloseHandle(out);
    if (wait_ms > 0)
        reported = await_report(in, wait_ms, report);
    if (in != NULL)
        CloseHandle(in);
    return reported;
}

void plat_report(const struct report *report)
{
    DWORD n;

    if (report_pipe == NULL)
        return;
    WriteFile(report_pipe, report, sizeof *report, &n, NULL);
    CloseHandle(report_pipe);
    report_pipe = NULL;
}

bool plat_spawn_delivery(const struct job *job)
{
    struct job delivery = *job;
    bool made;

    delivery.watch = false;
    made = hand_over(&delivery, report_pipe);
    if (made && report_pipe != NULL) {
        CloseHandle(report_pipe);
        report_pipe = NULL;
    }
    return made;
}

/* A thread of its own: it counts also while another hangs in a resolver. */
static DWORD WINAPI end_in_time(void *ms)
{
    if (WaitForSingleObject(deadline_off, (DWORD)(uintptr_t)ms) == WAIT_TIMEOUT)
        TerminateProcess(GetCurrentProcess(), 0);
    return 0;
}

static void call_off_deadline(void)
{
    if (deadline_off == NULL)
        return;
    SetEvent(deadline_off);
    WaitForSingleObject(deadline_thread, INFINITE);
    CloseHandle(deadline_thread);
    CloseHandle(deadline_off);
    deadline_off = NULL;
}

void plat_deadline(unsigned ms)
{
    call_off_deadline();
    if (ms == 0)
        return;
    deadline_off = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (deadline_off != NULL)
        deadline_thread = CreateThread(NULL, 16384, end_in_time, (void *)(uintptr_t)ms,
                                       STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    /* A process that nothing would end must not begin. */
    if (deadline_off == NULL || deadline_thread == NULL)
        TerminateProcess(GetCurrentProcess(), 0);
}

static BOOL WINAPI stay(DWORD event)
{
    (void)event;
    return TRUE;
}

void plat_hush(void)
{
    /* No window about a fault, which somebody would have to close. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    SetConsoleCtrlHandler(stay, TRUE);
    win_null_streams();
}

long plat_own_pid(void)
{
    return (long)GetCurrentProcessId();
}
