/* The kernel's interface by number: musl comes without the kernel's headers, and those of older
 * systems lack Landlock. */
#ifndef FOOTFALL_SANDBOX_KERNEL_H
#define FOOTFALL_SANDBOX_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* linux/capability.h */
#define SANDBOX_CAP_VERSION 0x20080522
#define SANDBOX_CAP_SETUID  (1u << 7)
#define SANDBOX_NOBODY      65534 /* the kernel's own overflow user and group */
struct sandbox_cap_header {
    uint32_t version;
    int pid;
};
struct sandbox_cap_data {
    uint32_t effective, permitted, inheritable;
};

/* linux/landlock.h; the numbers are the same on every architecture */
#define SANDBOX_SYS_CREATE   444
#define SANDBOX_SYS_ADD      445
#define SANDBOX_SYS_RESTRICT 446
#define SANDBOX_ASK_VERSION  1
#define SANDBOX_RULE_BENEATH 1
#define SANDBOX_EXECUTE      (1u << 0)
#define SANDBOX_WRITE_FILE   (1u << 1)
#define SANDBOX_REMOVE_FILE  (1u << 5)
#define SANDBOX_MAKE_REG     (1u << 8)
#define SANDBOX_REFER        (1u << 13)
#define SANDBOX_TRUNCATE     (1u << 14)
#define SANDBOX_MAKE_ALL     0x1ff0u /* bits 4 to 12: remove and make, of every kind */
#define SANDBOX_WRITES                                                                             \
    (SANDBOX_EXECUTE | SANDBOX_WRITE_FILE | SANDBOX_MAKE_ALL | SANDBOX_REFER | SANDBOX_TRUNCATE)
#define SANDBOX_STORE                                                                              \
    (SANDBOX_WRITE_FILE | SANDBOX_REMOVE_FILE | SANDBOX_MAKE_REG | SANDBOX_TRUNCATE)
struct sandbox_ruleset {
    uint64_t handled;
};
struct sandbox_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* linux/filter.h, linux/seccomp.h, linux/audit.h */
struct sandbox_filter {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t k;
};
struct sandbox_program {
    uint16_t len;
    struct sandbox_filter *filter;
};
#define SANDBOX_LOAD         0x20 /* BPF_LD | BPF_W | BPF_ABS */
#define SANDBOX_JUMP_EQUAL   0x15 /* BPF_JMP | BPF_JEQ | BPF_K */
#define SANDBOX_RETURN       0x06 /* BPF_RET | BPF_K */
#define SANDBOX_CALL_NUMBER  0    /* offsets in struct seccomp_data */
#define SANDBOX_CALL_ARCH    4
#define SANDBOX_ALLOW        0x7fff0000u
#define SANDBOX_ERRNO        0x00050000u
#define SANDBOX_KILL         0x80000000u
#define SANDBOX_FILTER_MODE  2
#define SANDBOX_ARCH_X86_64  0xc000003eu
#define SANDBOX_ARCH_AARCH64 0xc00000b7u
#define SANDBOX_ARCH_RISCV64 0xc00000f3u

/* seccomp; false where there is none. */
bool sandbox_restrict_calls(void);

#endif
