/* Windows: the machine, the environment and files that somebody else names. */
#include "plat_win.h"

#include <bcrypt.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char plat_separator = '\\';

bool win_wide(const char *utf8, wchar_t *out, size_t size)
{
    return MultiByteToWideChar(CP_UTF8, 0, utf8, -1, out, (int)size) > 0;
}

bool win_narrow(const wchar_t *wide, char *out, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, (int)size, NULL, NULL) > 0;
}

/* The caller frees it. NULL: out of memory. */
static char *narrow_copy(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *copy = size > 0 ? malloc((size_t)size) : NULL;

    if (copy != NULL && !win_narrow(wide, copy, (size_t)size)) {
        free(copy);
        return NULL;
    }
    return copy;
}

/* Lives as long as the process. NULL: out of memory. */
static char **narrow_args(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof *argv);

    for (int i = 0; argv != NULL && i < argc; i++) {
        argv[i] = narrow_copy(wide[i]);
        if (argv[i] == NULL)
            return NULL; /* NOLINT(clang-analyzer-unix.Malloc): and the process ends */
    }
    return argv;
}

/* Of the C library. Not wmain(), for which Zig brings no start files. */
struct start_info {
    int new_mode;
};
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its own name */
_CRTIMP int __cdecl __wgetmainargs(int *argc, wchar_t ***argv, wchar_t ***env, int expand,
                                   struct start_info *info);

NO_CANARY int main(void)
{
    struct start_info start = {0};
    wchar_t **wide, **env;
    char **argv;
    int argc;

    win_draw_canary();
    if (__wgetmainargs(&argc, &wide, &env, 0, &start) != 0)
        argc = 0;
    if (argc == 2 && wcscmp(wide[1], WIN_JOB_ARGUMENT) == 0) {
        win_run_job();
        return 0;
    }
    argv = narrow_args(argc, wide);
    if (argv == NULL) /* out of memory, which an install must not notice */
        return argc > 1 && wcscmp(wide[1], L"emit") == 0 ? 0 : 1;
    /* The same bytes as everywhere: scripts of Git's or MSYS2's shells would keep a CR. */
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    return footfall_main(argc, argv);
}

void win_null_streams(void)
{
    int fd = _wopen(L"NUL", _O_RDWR | _O_BINARY | _O_NOINHERIT);

    /* The C library closes what was there, and sets the process's standard handles. */
    for (int i = 0; fd >= 0 && i < 3; i++)
        if (fd != i)
            _dup2(fd, i);
    if (fd > 2)
        _close(fd);
}

void plat_os(char out[PLAT_NAME_MAX])
{
    snprintf(out, PLAT_NAME_MAX, "windows");
}

/* A process under emulation is told of the machine it was made for, except here. Windows without
 * this call runs on no machine but its own kind. */
static bool native_machine(USHORT *machine)
{
    typedef BOOL WINAPI is_wow64_process2(HANDLE process, USHORT * emulated, USHORT * native);
    is_wow64_process2 *ask;
    USHORT emulated;

    ask = (is_wow64_process2 *)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"),
                                                      "IsWow64Process2");
    return ask != NULL && ask(GetCurrentProcess(), &emulated, machine);
}

void plat_arch(char out[PLAT_NAME_MAX])
{
    const char *name = "unknown";
    USHORT machine = IMAGE_FILE_MACHINE_UNKNOWN;
    SYSTEM_INFO info;

    if (!native_machine(&machine)) {
        GetNativeSystemInfo(&info);
        machine =
            info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64   ? IMAGE_FILE_MACHINE_AMD64
            : info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_INTEL ? IMAGE_FILE_MACHINE_I386
                                                                          : machine;
    }
    if (machine == IMAGE_FILE_MACHINE_AMD64)
        name = "AMD64";
    else if (machine == IMAGE_FILE_MACHINE_ARM64)
        name = "ARM64";
    else if (machine == IMAGE_FILE_MACHINE_ARMNT)
        name = "ARM";
    else if (machine == IMAGE_FILE_MACHINE_I386)
        name = "x86";
    snprintf(out, PLAT_NAME_MAX, "%s", name);
}

/* Values are never freed: there are some forty in the life of a process. */
const char *plat_env(const char *name)
{
    wchar_t wide_name[PLAT_NAME_MAX * 2];
    wchar_t *value;
    char *copy;
    DWORD size;

    if (!win_wide(name, wide_name, sizeof wide_name / sizeof *wide_name))
        return NULL;
    size = GetEnvironmentVariableW(wide_name, NULL, 0);
    if (size == 0)
        return NULL; /* an empty value counts one, its NUL */
    value = malloc(size * sizeof *value);
    if (value == NULL)
        return NULL;
    value[0] = L'\0';
    GetEnvironmentVariableW(wide_name, value, size);
    copy = narrow_copy(value);
    free(value);
    return copy;
}

bool plat_set_env(const char *name, const char *value)
{
    wchar_t wide_name[PLAT_NAME_MAX], wide_value[WIN_PATH_MAX];

    return win_wide(name, wide_name, PLAT_NAME_MAX) && win_wide(value, wide_value, WIN_PATH_MAX) &&
           SetEnvironmentVariableW(wide_name, wide_value);
}

bool win_folder_variable(const wchar_t *name, wchar_t out[WIN_PATH_MAX])
{
    DWORD len = GetEnvironmentVariableW(name, out, WIN_PATH_MAX);

    if (len == 0 || len >= WIN_PATH_MAX)
        return false;
    for (DWORD i = 0; i < len; i++)
        if (out[i] == L'/')
            out[i] = L'\\';
    while (len > 0 && out[len - 1] == L'\\')
        out[--len] = L'\0';
    /* C:\name or \\server\name */
    return len > 3 && ((out[1] == L':' && out[2] == L'\\') || (out[0] == L'\\' && out[1] == L'\\'));
}

bool plat_random(void *out, size_t len)
{
    return BCRYPT_SUCCESS(BCryptGenRandom(NULL, out, (ULONG)len, BCRYPT_USE_SYSTEM_PREFERRED_RNG));
}

bool plat_absolute(const char *path, char out[PLAT_PATH_MAX])
{
    wchar_t given[WIN_PATH_MAX], full[WIN_PATH_MAX];
    DWORD len;

    if (!win_wide(path, given, WIN_PATH_MAX))
        return false;
    len = GetFullPathNameW(given, WIN_PATH_MAX, full, NULL);
    return len > 0 && len < WIN_PATH_MAX && win_narrow(full, out, PLAT_PATH_MAX);
}

/* NULL: too long, or out of memory. The caller closes the file. */
static unsigned char *read_all(HANDLE file, size_t max, size_t *len)
{
    LARGE_INTEGER size;
    unsigned char *bytes;
    DWORD n;

    if (GetFileType(file) != FILE_TYPE_DISK || !GetFileSizeEx(file, &size) || size.QuadPart < 0 ||
        (unsigned long long)size.QuadPart > max)
        return NULL;
    bytes = malloc((size_t)size.QuadPart + 1);
    if (bytes == NULL)
        return NULL;
    if (!ReadFile(file, bytes, (DWORD)size.QuadPart, &n, NULL)) {
        free(bytes);
        return NULL;
    }
    *len = n;
    return bytes;
}

unsigned char *plat_read_file(const char *path, size_t max, size_t *len)
{
    wchar_t wide[WIN_PATH_MAX];
    unsigned char *bytes;
    HANDLE file;

    if (!win_wide(path, wide, WIN_PATH_MAX))
        return NULL;
    file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    bytes = read_all(file, max, len);
    CloseHandle(file);
    return bytes;
}

bool win_means_absent(DWORD error)
{
    return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
           error == ERROR_INVALID_NAME || error == ERROR_BAD_PATHNAME || error == ERROR_DIRECTORY ||
           error == ERROR_FILENAME_EXCED_RANGE;
}

bool plat_exists(const char *path)
{
    wchar_t wide[WIN_PATH_MAX];

    if (!win_wide(path, wide, WIN_PATH_MAX))
        return false;
    return GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES || !win_means_absent(GetLastError());
}

bool plat_fleet_file(size_t n, const char *app, char out[PLAT_PATH_MAX])
{
    wchar_t folder[WIN_PATH_MAX];
    char narrow[PLAT_PATH_MAX / 2];

    if (n > 1)
        return false;
    /* An environment that somebody has emptied does not lift the switch. */
    if (!win_folder_variable(L"ProgramData", folder) || !win_narrow(folder, narrow, sizeof narrow))
        snprintf(narrow, sizeof narrow, "C:\\ProgramData");
    snprintf(out, PLAT_PATH_MAX, "%s\\%s\\no-telemetry", narrow, n == 0 ? app : "footfall");
    return true;
}

void plat_utc(char out[24])
{
    SYSTEMTIME now;

    GetSystemTime(&now);
    snprintf(out, 24, "%04u-%02u-%02uT%02u:%02u:%02uZ", now.wYear % 10000u, now.wMonth % 100u,
             now.wDay % 100u, now.wHour % 100u, now.wMinute % 100u, now.wSecond % 100u);
}

void plat_spare_packets(uintptr_t socket)
{
    (void)socket;
}
