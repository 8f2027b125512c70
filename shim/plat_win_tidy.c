/* Windows: the lock of a place, and what is removed from it in passing. */
#include "plat_win.h"

#include <stdio.h>
#include <string.h>

#define LOCK_FILE "\\telemetry_lock"

static bool path_in(const struct place *place, const char *rest, wchar_t out[WIN_PATH_MAX])
{
    char narrow[PLAT_PATH_MAX + PLAT_NAME_MAX];

    return place->folder >= 0 &&
           (size_t)snprintf(narrow, sizeof narrow, "%s%s", place->path, rest) < sizeof narrow &&
           win_wide(narrow, out, WIN_PATH_MAX);
}

/* A file that nobody else may open and that goes away when it is closed, also by the end of its
 * process. While it goes, opening it is an access denied. */
bool place_lock(struct place *place)
{
    wchar_t path[WIN_PATH_MAX];

    if (!path_in(place, LOCK_FILE, path))
        return false;
    for (int tries = 0; tries < 250 && !place->locked; tries++) {
        HANDLE file = CreateFileW(path, GENERIC_WRITE | DELETE, 0, NULL, OPEN_ALWAYS,
                                  FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            place->above = HandleToLong(file);
            place->locked = true;
        } else if (GetLastError() != ERROR_SHARING_VIOLATION &&
                   GetLastError() != ERROR_ACCESS_DENIED) {
            return false;
        } else {
            Sleep(2);
        }
    }
    return place->locked;
}

void place_unlock(struct place *place)
{
    if (place->locked)
        CloseHandle(LongToHandle(place->above));
    place->above = -1;
    place->locked = false;
}

static bool is_temporary(const WIN32_FIND_DATAW *entry)
{
    size_t len = wcslen(entry->cFileName);

    return len > 14 && wcsncmp(entry->cFileName, L"telemetry_", 10) == 0 &&
           wcscmp(entry->cFileName + len - 4, L".tmp") == 0;
}

/* In Windows' own steps of 100 nanoseconds. */
static unsigned long long steps(FILETIME time)
{
    return (unsigned long long)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static bool is_older(const WIN32_FIND_DATAW *entry, long seconds)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return steps(entry->ftLastWriteTime) + (unsigned long long)seconds * 10000000u < steps(now);
}

/* Removes from a folder what is older; or, with seconds below 0, what is temporary. */
static void sweep(const struct place *place, const char *folder, long seconds)
{
    wchar_t path[WIN_PATH_MAX];
    WIN32_FIND_DATAW entry;
    size_t at;
    HANDLE search;

    if (!path_in(place, folder, path))
        return;
    at = wcslen(path);
    if (at + 2 + MAX_PATH > WIN_PATH_MAX ||
        (GetFileAttributesW(path) & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
        return;
    wmemcpy(path + at, L"\\*", 3);
    search = FindFirstFileW(path, &entry);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if ((entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ||
            !(seconds < 0 ? is_temporary(&entry) : is_older(&entry, seconds)))
            continue;
        wmemcpy(path + at + 1, entry.cFileName, wcslen(entry.cFileName) + 1);
        DeleteFileW(path);
    } while (FindNextFileW(search, &entry));
    FindClose(search);
}

void place_prune(struct place *place, const char *folder, long seconds)
{
    char sub[PLAT_NAME_MAX];

    if (place->folder < 0 || !place->usable)
        return;
    snprintf(sub, sizeof sub, "\\%s", folder);
    sweep(place, sub, seconds);
    if (place_lock(place)) {
        sweep(place, "", -1);
        place_unlock(place);
    }
}
