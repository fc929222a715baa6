/* What thread_registers.bpf.c writes: one for each thread. Plain C, fixed layout. */
#ifndef RTPROF_KERNEL_THREAD_REGISTERS_RECORD_H_
#define RTPROF_KERNEL_THREAD_REGISTERS_RECORD_H_

#include "kernel/record.h"

struct rt_thread_registers {
  rt_u32 tid; /* as rtprof's pid namespace sees it */
  rt_u32 reserved;
  rt_u64 system_call;               /* its number; all ones: the thread is not in one */
  rt_u64 values[RT_REGISTER_COUNT]; /* in DWARF's order: common/process/stack_snapshot.h */
};

#endif /* RTPROF_KERNEL_THREAD_REGISTERS_RECORD_H_ */
