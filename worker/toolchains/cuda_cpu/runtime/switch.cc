// The switch of fibers, in assembly: what a called function must keep is pushed on the old stack and popped from the new.
// Limits: x86-64 (System V) and aarch64 (AAPCS64) only. The jump through a register, not a return, is deliberate: the
// processor predicts it.
#if defined(__x86_64__)
__asm__(R"(
    .text
    .globl codepar_cuda_switch
    .type codepar_cuda_switch, @function
    .globl codepar_cuda_resume
    .type codepar_cuda_resume, @function
    .p2align 4
codepar_cuda_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rdi
codepar_cuda_resume:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
    .size codepar_cuda_switch, .-codepar_cuda_switch
)");
#elif defined(__aarch64__)
__asm__(R"(
    .text
    .globl codepar_cuda_switch
    .type codepar_cuda_switch, %function
    .globl codepar_cuda_resume
    .type codepar_cuda_resume, %function
    .p2align 4
codepar_cuda_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov x0, x1
codepar_cuda_resume:
    mov sp, x0
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    br x30
    .size codepar_cuda_switch, .-codepar_cuda_switch
)");
#else
#error codepar: unsupported: the CUDA CPU runtime on this processor (x86-64 and aarch64 only)
#endif
