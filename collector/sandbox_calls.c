/* The system calls a collector never makes, refused by seccomp. A list of what is forbidden, not of
 * what is allowed: the C library and the resolver may change what they use, and an event must not
 * be lost over that. */
#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox_kernel.h"

#if defined(__x86_64__)
#define ARCHITECTURE SANDBOX_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE SANDBOX_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE SANDBOX_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

static const unsigned forbidden[] = {
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_acct,
    SYS_quotactl,
    SYS_personality,
    SYS_open_by_handle_at,
    SYS_syslog,
    SYS_setdomainname,
    SYS_mknodat,
};
#define FORBIDDEN (sizeof forbidden / sizeof forbidden[0])

bool sandbox_restrict_calls(void)
{
    struct sandbox_filter code[4 + 2 * FORBIDDEN + 1];
    struct sandbox_program program = {.filter = code};
    uint16_t n = 0;

    code[n++] = (struct sandbox_filter){SANDBOX_LOAD, 0, 0, SANDBOX_CALL_ARCH};
    code[n++] = (struct sandbox_filter){SANDBOX_JUMP_EQUAL, 1, 0, ARCHITECTURE};
    code[n++] = (struct sandbox_filter){SANDBOX_RETURN, 0, 0, SANDBOX_KILL};
    code[n++] = (struct sandbox_filter){SANDBOX_LOAD, 0, 0, SANDBOX_CALL_NUMBER};
    for (size_t i = 0; i < FORBIDDEN; i++) {
        code[n++] = (struct sandbox_filter){SANDBOX_JUMP_EQUAL, 0, 1, forbidden[i]};
        code[n++] = (struct sandbox_filter){SANDBOX_RETURN, 0, 0, SANDBOX_ERRNO | EPERM};
    }
    code[n++] = (struct sandbox_filter){SANDBOX_RETURN, 0, 0, SANDBOX_ALLOW};
    program.len = n;
    return prctl(PR_SET_SECCOMP, SANDBOX_FILTER_MODE, &program, 0, 0) == 0;
}

#else

bool sandbox_restrict_calls(void)
{
    return false;
}

#endif
