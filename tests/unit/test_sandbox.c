/* What a collector that somebody has taken over can still do. Each case is a process of its own:
 * there is no way back. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"
#include "sandbox_kernel.h"

static char folder[] = "/tmp/footfall.sandbox.XXXXXX";
static char store[64], inside[64], outside[64];

static int make_places(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(store, sizeof store, "%s/store", folder);
    snprintf(inside, sizeof inside, "%s/store/footfall.db", folder);
    snprintf(outside, sizeof outside, "%s/outside", folder);
    return mkdir(store, 0700) == 0 && close(open(outside, O_WRONLY | O_CREAT, 0600)) == 0 ? 0 : -1;
}

static int remove_places(void **state)
{
    (void)state;
    unlink(inside);
    unlink(outside);
    rmdir(store);
    return rmdir(folder);
}

/* The errno of what is tried in there; 0: it went well. */
static int try_in_the_sandbox(bool (*attempt)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        close(STDERR_FILENO); /* where the sandbox says that it is on */
        sandbox_enter(inside);
        _exit(attempt() ? 0 : errno);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool can_write(const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0;
}
static bool write_inside(void)
{
    return can_write(inside);
}
static bool write_outside(void)
{
    return can_write(outside);
}
static bool make_outside(void)
{
    return mkdir("/tmp/footfall.sandbox.new", 0700) == 0;
}
static bool remove_outside(void)
{
    return unlink(outside) == 0;
}
static bool cut_outside(void)
{
    return truncate(outside, 0) == 0;
}
static bool move_outside(void)
{
    return rename(outside, inside) == 0;
}
static bool run_a_program(void)
{
    return execl("/bin/true", "true", (char *)NULL) == 0;
}
static bool mount_something(void)
{
    return mount("none", store, "tmpfs", 0, "") == 0;
}
static bool trace_somebody(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}
static bool read_anything(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}

static void only_the_store_is_written(void **state)
{
    (void)state;
    if (syscall(SANDBOX_SYS_CREATE, NULL, 0, SANDBOX_ASK_VERSION) < 1) {
        puts("SKIP: this kernel has no Landlock");
        skip();
    }
    assert_int_equal(try_in_the_sandbox(write_inside), 0);
    assert_int_equal(try_in_the_sandbox(write_outside), EACCES);
    assert_int_equal(try_in_the_sandbox(make_outside), EACCES);
    assert_int_equal(try_in_the_sandbox(remove_outside), EACCES);
    assert_int_equal(try_in_the_sandbox(move_outside), EACCES);
    if (syscall(SANDBOX_SYS_CREATE, NULL, 0, SANDBOX_ASK_VERSION) >= 3)
        assert_int_equal(try_in_the_sandbox(cut_outside), EACCES);
}

static void nothing_is_run_and_no_machine_administered(void **state)
{
    (void)state;
    assert_int_equal(try_in_the_sandbox(run_a_program), EPERM);
    assert_int_equal(try_in_the_sandbox(mount_something), EPERM);
    assert_int_equal(try_in_the_sandbox(trace_somebody), EPERM);
}

/* The threat model says so; certificates and the resolver's files are read at any time. */
static void reading_stays_free(void **state)
{
    (void)state;
    assert_int_equal(try_in_the_sandbox(read_anything), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_store_is_written),
        cmocka_unit_test(nothing_is_run_and_no_machine_administered),
        cmocka_unit_test(reading_stays_free),
    };
    return cmocka_run_group_tests(tests, make_places, remove_places);
}
