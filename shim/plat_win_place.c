/* Windows: places. What is made in the profile inherits its access list, which is for the user
 * (and administrators) alone. Nothing that is a link, junction or folder is opened as a file. */
#include "plat_win.h"

#include <aclapi.h>
#include <stdio.h>
#include <string.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define NO_FILE   (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE)

/* The folder that a place's own folder is made in. Not GetTempPathW(), which ends at C:\Windows. */
static bool find_above(enum place_kind kind, wchar_t above[WIN_PATH_MAX])
{
    static const wchar_t temp[] = L"\\Temp";
    DWORD attributes;

    if (kind == PLACE_HOME)
        return win_folder_variable(L"USERPROFILE", above);
    if (win_folder_variable(L"LOCALAPPDATA", above) && wcslen(above) + sizeof temp < WIN_PATH_MAX) {
        wmemcpy(above + wcslen(above), temp, sizeof temp / sizeof *temp);
        attributes = GetFileAttributesW(above);
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
            return true;
    }
    return win_folder_variable(L"TMP", above) || win_folder_variable(L"TEMP", above);
}

/* True when this process's user (or the group that owns what an administrator makes) owns it. */
static bool is_own(const wchar_t *path)
{
    /* A TOKEN_USER or TOKEN_OWNER begins with the pointer to its identifier, which follows it. */
    union {
        PSID sid;
        unsigned char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } user, group;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    HANDLE token;
    PSID owner;
    DWORD size;
    bool own;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    own = GetTokenInformation(token, TokenUser, &user, sizeof user, &size) &&
          GetTokenInformation(token, TokenOwner, &group, sizeof group, &size) &&
          GetNamedSecurityInfoW((wchar_t *)(uintptr_t)path, SE_FILE_OBJECT,
                                OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL,
                                &descriptor) == ERROR_SUCCESS &&
          (EqualSid(owner, user.sid) || EqualSid(owner, group.sid));
    LocalFree(descriptor);
    CloseHandle(token);
    return own;
}

/* Looks whether the folder is there. One in the temporary folder may be anybody's work. */
static void find_folder(struct place *place, enum place_kind kind, const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    if (attributes == INVALID_FILE_ATTRIBUTES) {
        place->usable = win_means_absent(GetLastError());
        place->sealed = !place->usable;
    } else if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        place->folder = 0; /* it is there; what is done in it is done by name */
        place->usable = kind == PLACE_HOME ||
                        ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0 && is_own(path));
    }
}

void place_open(struct place *place, enum place_kind kind, const char *app)
{
    wchar_t above[WIN_PATH_MAX], path[WIN_PATH_MAX];
    char narrow[PLAT_PATH_MAX / 2];
    DWORD attributes;

    memset(place, 0, sizeof *place);
    place->folder = place->above = -1;
    if (!find_above(kind, above) || !win_narrow(above, narrow, sizeof narrow))
        return;
    snprintf(place->name, sizeof place->name, kind == PLACE_HOME ? ".%s" : "footfall-%s", app);
    snprintf(place->path, sizeof place->path, "%s\\%s", narrow, place->name);
    attributes = GetFileAttributesW(above);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        place->sealed = !win_means_absent(GetLastError());
    else if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
             win_wide(place->path, path, WIN_PATH_MAX))
        find_folder(place, kind, path);
}

void place_close(struct place *place)
{
    place_unlock(place);
    place->folder = -1;
    place->usable = false;
}

bool place_make(struct place *place)
{
    wchar_t path[WIN_PATH_MAX];

    if (!place->usable || place->folder >= 0)
        return place->usable;
    if (win_wide(place->path, path, WIN_PATH_MAX) &&
        (CreateDirectoryW(path, NULL) || GetLastError() == ERROR_ALREADY_EXISTS))
        find_folder(place, place->name[0] == '.' ? PLACE_HOME : PLACE_TEMP, path);
    if (place->folder < 0)
        place->usable = false;
    return place->usable;
}

static bool path_of(const struct place *place, const char *name, wchar_t out[WIN_PATH_MAX])
{
    char narrow[PLAT_PATH_MAX + PLAT_NAME_MAX];
    int n;

    if (place->folder < 0)
        return false;
    n = snprintf(narrow, sizeof narrow, "%s\\%s", place->path, name);
    for (char *c = narrow + strlen(place->path); *c != '\0'; c++)
        if (*c == '/')
            *c = '\\';
    return n > 0 && (size_t)n < sizeof narrow && win_wide(narrow, out, WIN_PATH_MAX);
}

static enum place_read get(HANDLE file, unsigned char *buf, size_t *len)
{
    BY_HANDLE_FILE_INFORMATION info;
    DWORD n;

    if (GetFileType(file) != FILE_TYPE_DISK || !GetFileInformationByHandle(file, &info) ||
        (info.dwFileAttributes & NO_FILE) != 0 || !ReadFile(file, buf, (DWORD)*len, &n, NULL))
        return PLACE_REFUSED;
    *len = n;
    return PLACE_READ;
}

enum place_read place_get(const struct place *place, const char *name, unsigned char *buf,
                          size_t *len)
{
    wchar_t path[WIN_PATH_MAX];
    enum place_read found;
    DWORD attributes;
    HANDLE file;

    if (place->folder < 0)
        return place->sealed ? PLACE_REFUSED : PLACE_ABSENT;
    if (!path_of(place, name, path))
        return PLACE_REFUSED;
    attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return win_means_absent(GetLastError()) ? PLACE_ABSENT : PLACE_REFUSED;
    if ((attributes & NO_FILE) != 0)
        return PLACE_REFUSED;
    /* It may have become something else since: open whatever is there itself, and look again. */
    file = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING,
                       FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return win_means_absent(GetLastError()) ? PLACE_ABSENT : PLACE_REFUSED;
    found = get(file, buf, len);
    CloseHandle(file);
    return found;
}

static bool write_file(const wchar_t *path, const void *data, size_t len)
{
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD n;
    bool ok;

    if (file == INVALID_HANDLE_VALUE)
        return false;
    ok = WriteFile(file, data, (DWORD)len, &n, NULL) && n == len;
    return CloseHandle(file) && ok;
}

/* A virus scanner or a reader may have the old file open for a moment. */
static enum place_put move(const wchar_t *from, const wchar_t *to, enum place_mode mode)
{
    DWORD error;

    for (int tries = 0; tries < 25; tries++) {
        if (MoveFileExW(from, to, mode == PLACE_REPLACE ? MOVEFILE_REPLACE_EXISTING : 0))
            return PLACE_PUT;
        error = GetLastError();
        if (mode == PLACE_NEW && (error == ERROR_ALREADY_EXISTS || error == ERROR_FILE_EXISTS))
            return PLACE_TAKEN;
        if (error != ERROR_ACCESS_DENIED && error != ERROR_SHARING_VIOLATION)
            break;
        Sleep(4);
    }
    return PLACE_FAILED;
}

static enum place_put publish(const struct place *place, const char *name, const void *data,
                              size_t len, enum place_mode mode)
{
    wchar_t from[WIN_PATH_MAX], to[WIN_PATH_MAX];
    enum place_put put = PLACE_FAILED;
    char temporary[PLAT_NAME_MAX];
    unsigned long long random;

    if (!plat_random(&random, sizeof random))
        return PLACE_FAILED;
    snprintf(temporary, sizeof temporary, "telemetry_%016llx.tmp", random);
    if (!path_of(place, temporary, from) || !path_of(place, name, to))
        return PLACE_FAILED;
    if (write_file(from, data, len))
        put = move(from, to, mode);
    if (put != PLACE_PUT)
        DeleteFileW(from);
    return put;
}

/* Temporary files are written under the lock: who holds it may remove what the dead have left. */
enum place_put place_publish(struct place *place, const char *name, const void *data, size_t len,
                             enum place_mode mode)
{
    enum place_put put;
    bool mine;

    if (!place_make(place))
        return PLACE_FAILED;
    mine = !place->locked && place_lock(place);
    put = publish(place, name, data, len, mode);
    if (mine)
        place_unlock(place);
    return put;
}

static HANDLE create_new(const wchar_t *path)
{
    return CreateFileW(path, GENERIC_WRITE, SHARE_ALL, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL,
                       NULL);
}

enum place_put place_claim(struct place *place, const char *name)
{
    wchar_t path[WIN_PATH_MAX];
    wchar_t *last;
    HANDLE file;

    if (!place_make(place) || !path_of(place, name, path))
        return PLACE_FAILED;
    file = create_new(path);
    last = wcsrchr(path, L'\\');
    if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PATH_NOT_FOUND && last != NULL) {
        *last = L'\0';
        CreateDirectoryW(path, NULL);
        *last = L'\\';
        file = create_new(path);
    }
    /* Whatever the error is: somebody else's mark is a mark. */
    if (file == INVALID_HANDLE_VALUE)
        return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES ? PLACE_TAKEN : PLACE_FAILED;
    CloseHandle(file);
    return PLACE_PUT;
}

bool place_writable(const struct place *place)
{
    return place->usable;
}

bool place_has(const struct place *place, const char *name)
{
    wchar_t path[WIN_PATH_MAX];

    return path_of(place, name, path) && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

bool place_remove(const struct place *place, const char *name)
{
    wchar_t path[WIN_PATH_MAX];

    return path_of(place, name, path) && DeleteFileW(path);
}
