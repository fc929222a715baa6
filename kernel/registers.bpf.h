/* The registers that a task had in user space when it entered the kernel: by a system call, a fault, or an
 * interrupt. */
#ifndef RTPROF_KERNEL_REGISTERS_BPF_H_
#define RTPROF_KERNEL_REGISTERS_BPF_H_

#include "kernel/task.bpf.h"

/* In DWARF's order: common/process/stack_snapshot.h. `values` has room for RT_REGISTER_COUNT. */
static __always_inline void rt_read_registers(struct task_struct* task, rt_u64* values) {
  struct pt_regs___kernel* saved = (struct pt_regs___kernel*)bpf_task_pt_regs(task);
  values[0] = BPF_CORE_READ(saved, ax);
  values[1] = BPF_CORE_READ(saved, dx);
  values[2] = BPF_CORE_READ(saved, cx);
  values[3] = BPF_CORE_READ(saved, bx);
  values[4] = BPF_CORE_READ(saved, si);
  values[5] = BPF_CORE_READ(saved, di);
  values[6] = BPF_CORE_READ(saved, bp);
  values[7] = BPF_CORE_READ(saved, sp);
  values[8] = BPF_CORE_READ(saved, r8);
  values[9] = BPF_CORE_READ(saved, r9);
  values[10] = BPF_CORE_READ(saved, r10);
  values[11] = BPF_CORE_READ(saved, r11);
  values[12] = BPF_CORE_READ(saved, r12);
  values[13] = BPF_CORE_READ(saved, r13);
  values[14] = BPF_CORE_READ(saved, r14);
  values[15] = BPF_CORE_READ(saved, r15);
  values[16] = BPF_CORE_READ(saved, ip);
}

#endif /* RTPROF_KERNEL_REGISTERS_BPF_H_ */
