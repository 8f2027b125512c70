/* Windows: from a list of arguments to the one line of text that a new process is given. */
#include "plat_win_command.h"

#include <string.h>
#include <wchar.h>

static void add(struct command_line *line, wchar_t c)
{
    if (line->len + 1 < COMMAND_LINE_MAX)
        line->text[line->len++] = c;
    else
        line->full = true;
    line->text[line->len] = L'\0';
}

static void add_text(struct command_line *line, const wchar_t *text)
{
    for (; *text != L'\0'; text++)
        add(line, *text);
}

static void add_backslashes(struct command_line *line, size_t count)
{
    while (count-- > 0)
        add(line, L'\\');
}

/* As the C library takes a line apart: a backslash is itself, except before a quotation mark. */
static void add_quoted(struct command_line *line, const wchar_t *arg)
{
    size_t backslashes = 0;

    add(line, L'"');
    for (; *arg != L'\0'; arg++) {
        if (*arg == L'"')
            add_backslashes(line, backslashes + 1);
        backslashes = *arg == L'\\' ? backslashes + 1 : 0;
        add(line, *arg);
    }
    add_backslashes(line, backslashes);
    add(line, L'"');
}

void command_line_add(struct command_line *line, const wchar_t *arg)
{
    if (line->len > 0)
        add(line, L' ');
    if (arg[0] != L'\0' && wcspbrk(arg, L" \t\n\v\"") == NULL)
        add_text(line, arg);
    else
        add_quoted(line, arg);
}

/* cmd.exe reads the line before the batch file does. Within quotation marks the per cent sign alone
 * keeps a meaning; between two of them stands an empty cut of the variable cd, which takes it away
 * (the way of Rust's standard library since CVE-2024-24576). */
static void add_for_batch(struct command_line *line, const wchar_t *arg)
{
    size_t backslashes = 0;

    add_text(line, L" \"");
    for (; *arg != L'\0'; arg++) {
        if (*arg == L'"') {
            add_backslashes(line, backslashes);
            add(line, L'"');
        } else if (*arg == L'%') {
            add_text(line, L"%%cd:~,");
        }
        backslashes = *arg == L'\\' ? backslashes + 1 : 0;
        add(line, *arg);
    }
    add_backslashes(line, backslashes);
    add(line, L'"');
}

bool command_line_batch(struct command_line *line, const wchar_t *script, wchar_t *const *args)
{
    /* The outermost pair of quotation marks is the one that cmd.exe takes off. */
    add_text(line, L"cmd.exe /e:ON /v:OFF /d /c \"\"");
    add_text(line, script);
    add(line, L'"');
    for (; *args != NULL; args++) {
        if (wcspbrk(*args, L"\r\n") != NULL)
            return false;
        add_for_batch(line, *args);
    }
    add(line, L'"');
    return true;
}
