/* Windows: what guards the program against a fault of ours. The linker makes a table of functions
 * that may be called through a pointer, and the loader reads of it in the PE format's load
 * configuration; with Control Flow Guard, a call to anything else ends the program. */
#include "plat_win.h"

#include <assert.h>
#include <stdint.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the compiler's and the
 * linker's own names */

/* The linker's: one entry of 32 bits for each function whose address is taken. */
extern const uint32_t __guard_fids_table[];
extern const char __guard_fids_count[]; /* its address is the number */

/* What the compiler calls before, or on x86_64 in the place of, every call through a pointer. A
 * Windows that guards puts its own checks here when it loads the program. */
#ifdef __x86_64__
__asm__(".text\n"
        "guard_dispatch_nothing: jmp *%rax\n"
        "guard_check_nothing: ret\n");
#else
__asm__(".text\n"
        "guard_dispatch_nothing: brk #0xf003\n" /* nothing compiled for this machine calls it */
        "guard_check_nothing: ret\n");
#endif
void guard_dispatch_nothing(void);
void guard_check_nothing(void);

#define LOADER_WRITES __attribute__((section(".00cfg"), used))
void (*const __guard_dispatch_icall_fptr)(void) LOADER_WRITES = guard_dispatch_nothing;
void (*const __guard_check_icall_fptr)(void) LOADER_WRITES = guard_check_nothing;

#define GUARD_CF_INSTRUMENTED           0x100
#define GUARD_CF_FUNCTION_TABLE_PRESENT 0x400

/* IMAGE_LOAD_CONFIG_DIRECTORY64 as of Windows 8.1, which Zig's headers have without its end. */
struct load_configuration {
    uint32_t size;
    uint8_t unused_1[74];
    uint16_t dependent_load_flags;
    uint8_t unused_2[32];
    void (*const *check)(void);
    void (*const *dispatch)(void);
    const uint32_t *functions;
    const char *function_count;
    uint32_t guard_flags;
};
static_assert(offsetof(struct load_configuration, dependent_load_flags) == 78,
              "as the format has it");
static_assert(offsetof(struct load_configuration, guard_flags) == 144, "as the format has it");

/* By this name the linker looks for it. */
extern const struct load_configuration _load_config_used;
const struct load_configuration _load_config_used = {
    .size = offsetof(struct load_configuration, guard_flags) + sizeof(uint32_t),
    /* All libraries that we are linked to are Windows' own: none is looked for beside us. */
    .dependent_load_flags = LOAD_LIBRARY_SEARCH_SYSTEM32,
    .check = &__guard_check_icall_fptr,
    .dispatch = &__guard_dispatch_icall_fptr,
    .functions = __guard_fids_table,
    .function_count = __guard_fids_count,
    .guard_flags = GUARD_CF_INSTRUMENTED | GUARD_CF_FUNCTION_TABLE_PRESENT,
};

/* The canary that functions put on the stack, of Zig's libssp, which makes it a constant. */
extern uintptr_t __stack_chk_guard;

NO_CANARY void win_draw_canary(void)
{
    uintptr_t drawn;

    if (plat_random(&drawn, sizeof drawn))
        __stack_chk_guard = drawn & ~(uintptr_t)0xff; /* a NUL, which no text is copied over */
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
