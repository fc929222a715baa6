/* Tells the user registers of all threads of one process, as the kernel saved them when the threads entered
 * it: those of a thread that sleeps are the ones it will go on with. Nothing of the process is touched.
 * Reading the iterator runs the program once for each task of the machine. */
#include "kernel/task_ids.bpf.h"
#include "kernel/thread_registers_record.h"

rt_u32 wanted_tgid = 0;

SEC("iter/task")
int tell_registers(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (!task || tgid_of(task) != wanted_tgid) return 0;
  struct pt_regs___kernel* saved = (struct pt_regs___kernel*)bpf_task_pt_regs(task);
  struct rt_thread_registers registers = {};
  registers.tid = tid_of(task);
  registers.system_call = BPF_CORE_READ(saved, orig_ax);
  /* In DWARF's order. */
  registers.values[0] = BPF_CORE_READ(saved, ax);
  registers.values[1] = BPF_CORE_READ(saved, dx);
  registers.values[2] = BPF_CORE_READ(saved, cx);
  registers.values[3] = BPF_CORE_READ(saved, bx);
  registers.values[4] = BPF_CORE_READ(saved, si);
  registers.values[5] = BPF_CORE_READ(saved, di);
  registers.values[6] = BPF_CORE_READ(saved, bp);
  registers.values[7] = BPF_CORE_READ(saved, sp);
  registers.values[8] = BPF_CORE_READ(saved, r8);
  registers.values[9] = BPF_CORE_READ(saved, r9);
  registers.values[10] = BPF_CORE_READ(saved, r10);
  registers.values[11] = BPF_CORE_READ(saved, r11);
  registers.values[12] = BPF_CORE_READ(saved, r12);
  registers.values[13] = BPF_CORE_READ(saved, r13);
  registers.values[14] = BPF_CORE_READ(saved, r14);
  registers.values[15] = BPF_CORE_READ(saved, r15);
  registers.values[16] = BPF_CORE_READ(saved, ip);
  bpf_seq_write(context->meta->seq, &registers, sizeof registers);
  return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
