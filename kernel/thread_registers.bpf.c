/* Tells the user registers of all threads of one process, as the kernel saved them when the threads entered
 * it: those of a thread that sleeps are the ones it will go on with. Nothing of the process is touched.
 * Reading the iterator runs the program once for each task of the machine. */
#include "kernel/registers.bpf.h"
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
  rt_read_registers(task, registers.values);
  bpf_seq_write(context->meta->seq, &registers, sizeof registers);
  return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
