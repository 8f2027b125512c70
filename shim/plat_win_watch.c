/* Windows: other processes, and sleeping until one has gone. */
#include "plat_win.h"

#include <stdio.h>

/* Of ntdll.dll, documented as NtQueryInformationProcess(ProcessBasicInformation). */
struct basic_information {
    LONG_PTR exit_status;
    void *peb;
    ULONG_PTR affinity, priority, id, parent;
};

/* 0: unknown. It may have ended, and left its number to another process. */
static DWORD parent_number(void)
{
    typedef LONG WINAPI query(HANDLE process, int what, void *out, ULONG size, ULONG *got);
    struct basic_information basic;
    query *ask = (query *)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                 "NtQueryInformationProcess");

    if (ask == NULL || ask(GetCurrentProcess(), 0, &basic, sizeof basic, NULL) < 0)
        return 0;
    return (DWORD)basic.parent;
}

/* In Windows' own steps; 0: unknown. */
static unsigned long long start_time(HANDLE process)
{
    FILETIME created, exited, kernel, user;

    if (!GetProcessTimes(process, &created, &exited, &kernel, &user))
        return 0;
    return (unsigned long long)created.dwHighDateTime << 32 | created.dwLowDateTime;
}

/* INVALID_HANDLE_VALUE: it has gone. NULL: the system keeps us from it. */
static HANDLE open_process(DWORD pid, bool parent)
{
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);

    if (process == NULL)
        return GetLastError() == ERROR_INVALID_PARAMETER ? INVALID_HANDLE_VALUE : NULL;
    /* A parent is older than its child; who is younger has only got its number. */
    if (parent && start_time(process) > start_time(GetCurrentProcess())) {
        CloseHandle(process);
        return INVALID_HANDLE_VALUE;
    }
    return process;
}

bool plat_process_open(struct plat_process *process, long pid)
{
    bool parent = pid == 0;
    HANDLE handle;

    process->pid = parent ? (long)parent_number() : pid;
    process->handle = -1;
    if (process->pid == 0)
        return false;
    handle = open_process((DWORD)process->pid, parent);
    if (handle == NULL)
        return false;
    process->handle = HandleToLong(handle); /* -1 is INVALID_HANDLE_VALUE */
    return true;
}

bool plat_parent_token(char *out, size_t size)
{
    struct plat_process parent;
    unsigned long long start = 0;

    if (plat_process_open(&parent, 0) && parent.handle != -1) {
        start = start_time(LongToHandle(parent.handle));
        CloseHandle(LongToHandle(parent.handle));
    }
    snprintf(out, size, "parent %ld %llu", parent.pid, start);
    return true;
}

bool plat_dies_with_installer(void)
{
    return false;
}

/* Named after the run, which nobody else can guess, in the session's own namespace. */
static HANDLE bell_event(const char *run, bool make)
{
    char name[PLAT_NAME_MAX];
    wchar_t wide[PLAT_NAME_MAX];

    snprintf(name, sizeof name, "Local\\footfall-%.32s", run);
    if (!win_wide(name, wide, PLAT_NAME_MAX))
        return NULL;
    return make ? CreateEventW(NULL, TRUE, FALSE, wide)
                : OpenEventW(EVENT_MODIFY_STATE, FALSE, wide);
}

bool plat_bell_open(struct plat_bell *bell, struct place places[PLACES], const char *run)
{
    HANDLE event = bell_event(run, true);

    (void)places;
    bell->handle = -1;
    if (event == NULL)
        return false;
    bell->handle = HandleToLong(event);
    return true;
}

void plat_bell_ring(const char *app, const char *run)
{
    HANDLE event = bell_event(run, false);

    (void)app;
    if (event == NULL)
        return;
    SetEvent(event);
    CloseHandle(event);
}

void plat_bell_close(struct plat_bell *bell, struct place places[PLACES])
{
    (void)places;
    if (bell->handle != -1)
        CloseHandle(LongToHandle(bell->handle));
    bell->handle = -1;
}

enum plat_wait plat_watch(const struct plat_process *process, const struct plat_bell *bell,
                          unsigned ms)
{
    /* When both have happened the first of them is told: the outcome was stated before the end. */
    const HANDLE either[2] = {LongToHandle(bell->handle), LongToHandle(process->handle)};

    if (process->handle == -1)
        return PLAT_GONE;
    /* Give back the memory that only the start needed. */
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    switch (WaitForMultipleObjects(2, either, FALSE, ms)) {
    case WAIT_OBJECT_0:
        return PLAT_RUNG;
    case WAIT_OBJECT_0 + 1:
        return WaitForSingleObject(either[0], PLAT_WATCH_GRACE_MS) == WAIT_OBJECT_0 ? PLAT_RUNG
                                                                                    : PLAT_GONE;
    default:
        return PLAT_LIMIT;
    }
}
