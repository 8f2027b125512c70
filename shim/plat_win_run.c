/* Windows: running a command as if nobody stood between it and its caller. */
#include "plat_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plat_win_command.h"

#define NOT_FOUND      127
#define NOT_EXECUTABLE 126
#define VARIABLE_MAX   32767 /* units of an environment variable */

static struct command_line line; /* too large for a stack */

/* All arguments in UTF-16; NULL: out of memory. Lives as long as the process. */
static wchar_t **wide_args(char **args)
{
    size_t count = 0;
    wchar_t **wide;

    while (args[count] != NULL)
        count++;
    wide = calloc(count + 1, sizeof *wide);
    for (size_t i = 0; wide != NULL && i < count; i++) {
        size_t size = strlen(args[i]) + 1; /* units: never more than bytes */
        wide[i] = calloc(size, sizeof **wide);
        if (wide[i] == NULL || !win_wide(args[i], wide[i], size))
            return NULL; /* NOLINT(clang-analyzer-unix.Malloc): and the process ends */
    }
    return wide;
}

static bool is_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* Looks for folder\name, as it is where the name has an ending, else with each of PATHEXT. */
static bool find_in(const wchar_t *folder, size_t folder_len, const wchar_t *name,
                    const wchar_t *endings, wchar_t out[WIN_PATH_MAX])
{
    const wchar_t *dot = wcsrchr(name, L'.');
    size_t len = folder_len, name_len = wcslen(name);

    if (folder_len + name_len + 2 > WIN_PATH_MAX)
        return false;
    wmemcpy(out, folder, folder_len);
    if (folder_len > 0)
        out[len++] = L'\\';
    wmemcpy(out + len, name, name_len + 1);
    len += name_len;
    if (dot != NULL && wcspbrk(dot, L"\\/") == NULL && is_file(out))
        return true;
    while (*endings != L'\0') {
        size_t ending = wcscspn(endings, L";");
        if (ending > 0 && len + ending < WIN_PATH_MAX) {
            wmemcpy(out + len, endings, ending);
            out[len + ending] = L'\0';
            if (is_file(out))
                return true;
        }
        endings += ending + (endings[ending] == L';');
    }
    return false;
}

/* Finds the command as a careful shell does: not in the current folder, unless it is named. */
static bool find_program(const wchar_t *name, wchar_t out[WIN_PATH_MAX])
{
    static wchar_t path[VARIABLE_MAX], endings[WIN_PATH_MAX];
    const wchar_t *folder = path;

    if (GetEnvironmentVariableW(L"PATHEXT", endings, WIN_PATH_MAX) - 1 >= WIN_PATH_MAX - 1)
        wmemcpy(endings, L".COM;.EXE;.BAT;.CMD", sizeof L".COM;.EXE;.BAT;.CMD" / sizeof *endings);
    if (wcspbrk(name, L"\\/:") != NULL)
        return find_in(L"", 0, name, endings, out);
    if (GetEnvironmentVariableW(L"PATH", path, VARIABLE_MAX) >= VARIABLE_MAX)
        return false;
    while (*folder != L'\0') {
        bool quoted = *folder == L'"';
        size_t len = wcscspn(folder += quoted, quoted ? L"\"" : L";");
        if (len > 0 && find_in(folder, len, name, endings, out))
            return true;
        folder += len;
        folder += wcscspn(folder, L";");
        folder += *folder == L';';
    }
    return false;
}

static bool is_batch(const wchar_t *path)
{
    const wchar_t *dot = wcsrchr(path, L'.');
    return dot != NULL && (_wcsicmp(dot, L".bat") == 0 || _wcsicmp(dot, L".cmd") == 0);
}

/* Makes the line, and for a batch file puts cmd.exe in its place; on failure says why. */
static bool make_line(wchar_t program[WIN_PATH_MAX], wchar_t *const *args)
{
    const wchar_t interpreter[] = L"\\cmd.exe";
    UINT len;

    if (!is_batch(program)) {
        for (; *args != NULL; args++)
            command_line_add(&line, *args);
        if (line.full)
            fprintf(stderr,
                    "footfall: the command is longer than Windows allows: shorten its arguments\n");
        return !line.full;
    }
    if (!command_line_batch(&line, program, args + 1) || line.full) {
        fprintf(stderr,
                "footfall: a batch file cannot be given these arguments: leave out line breaks\n");
        return false;
    }
    len = GetSystemDirectoryW(program, WIN_PATH_MAX);
    if (len == 0 || len + sizeof interpreter >= WIN_PATH_MAX)
        return false;
    wmemcpy(program + len, interpreter, sizeof interpreter / sizeof *interpreter);
    return true;
}

/* The console sends Ctrl-C to the command as well, and it is the command that decides. */
static BOOL WINAPI leave_it_to_the_command(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static int await(HANDLE process)
{
    DWORD status;

    if (WaitForSingleObject(process, INFINITE) != WAIT_OBJECT_0 ||
        !GetExitCodeProcess(process, &status))
        return NOT_EXECUTABLE;
    return (int)status;
}

int plat_run(char **command)
{
    wchar_t program[WIN_PATH_MAX];
    static wchar_t **args;
    PROCESS_INFORMATION info;
    STARTUPINFOW start;

    args = wide_args(command);
    if (args == NULL || args[0] == NULL || !find_program(args[0], program)) {
        fprintf(stderr, "footfall: %s: command not found\n", command[0]);
        return NOT_FOUND;
    }
    if (!make_line(program, args))
        return NOT_EXECUTABLE;
    /* All that our caller gave us, the C library's own descriptors too. */
    GetStartupInfoW(&start);
    SetConsoleCtrlHandler(leave_it_to_the_command, TRUE);
    if (!CreateProcessW(program, line.text, NULL, NULL, TRUE, 0, NULL, NULL, &start, &info)) {
        fprintf(stderr, "footfall: %s: cannot be run (Windows error %lu)\n", command[0],
                GetLastError());
        return NOT_EXECUTABLE;
    }
    CloseHandle(info.hThread);
    /* Our copies of the command's streams would keep its pipes open after it has closed them. */
    win_null_streams();
    return await(info.hProcess);
}
