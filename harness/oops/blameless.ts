/** Patterns between blanks, each of a whole name; a line that begins with # is a comment. */
function anyOf(patterns: string): RegExp {
  const names = patterns.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return new RegExp(`^(?:${names.join(' ').trim().split(/\s+/).join('|')})$`);
}

/**
 * What an interrupt goes through that finds something out: nobody's doing in a trace, but where one of them died
 * itself, there it went wrong.
 */
const INTERRUPTS = anyOf(String.raw`
  hrtimer_interrupt rcu_(?:check_callbacks|sched_clock_irq|dump\w*|core\w*) check_cpu_stall\w*
  update_process_times tick_(?:sched|nohz|do|periodic|handle)_?(?!r)\w* __hrtimer_run\w* hrtimer_run\w*
  local_apic_timer\w* smp_apic_timer\w* (?:__)?sysvec_\w+ apic_timer_interrupt
  (?:smp_)?\w*reschedule_interrupt watchdog_\w+ nmi_\w+ do_nmi default_do_nmi perf_\w*callback\w*
  handle_irq\w* common_interrupt do_IRQ __irq_\w+
`);

/**
 * Functions that only report, check, allocate, copy or lock: a crash in one of them is the doing of who called it.
 * Names are of Linux 2.6 to 7.x.
 */
const HELPERS = anyOf(String.raw`
  # Printing, panicking, warning
  dump_stack\w* __dump_stack show_stack\w* show_regs show_trace\w* dump_backtrace dump_header unwind_backtrace
  walk_stackframe arch_stack_walk (?:v|nmi_)?panic __stack_chk_fail print_\w+ _?printk\w* vprintk\w* nbcon_\w+
  console_\w+ __?warn(?:_\w+)? warn_\w+ check_panic_on_warn report_bug\w* find_bug fixup_bug handle_bug
  bug_handler die\w* __die\w* oops_\w+ sched_show_task bad_page\w* free_pages_check\w*
  check_(?:free|new)_pages?\w* dump_page
  (?:do_)?(?:error_trap|invalid_op|general_protection|page_fault|trap|user_addr_fault|kern_addr_fault|int3|divide_error)
  (?:do_)?(?:debug_exception|mem_abort|translation_fault|PrefetchAbort|DataAbort|sparc64_fault|page_fault_oops|bad_area\w*|undefinstr)
  __do_(?:page_fault|kernel_fault) exc_\w+ asm_\w+ el[01]\w* ret_from_exception early_\w*fixup\w* brk_handler
  call_break_hook do_trap_\w+ no_context spurious_fault __?bad_area\w* invalid_op general_protection
  error_entry page_fault divide_error xen_\w*divide_error trap_init handle_exception
  # Sanitizers and debugging
  _*(?:kasan|asan|kmsan|msan|kcsan|tsan|kfence|ubsan|hwasan|sanitizer)_\w+
  check_(?:memory_region|poison|heap_object|object|bytes\w*|slab)\w* __quarantine\w*
  quarantine_(?:put|remove)\w* memory_is_\w+ address_is_\w* get_(?:report|shadow|address)\w* set_track\w*
  save_stack\w* stack_trace_\w+ stack_depot_\w+ track_\w+
  debug_(?:object\w*|print_object|check_no_obj\w*|lockdep\w*|mutex\w*|spin\w*|rt_mutex\w*|smp_\w+|dma_\w+)
  __debug_\w+ _*debug_check_no_obj_freed object_err
  slab_(?:err|pad\w*|bug|fix|free\w*|alloc\w*|post\w*|pre\w*) ___?slab_\w+ __slab_\w+ alloc_debug_\w+
  free_debug_\w+ init_object usercopy_abort __check_(?:heap_object|object_size) check_(?:stack|preemption)\w*
  mem_dump_obj get_partial\w* new_slab\w* allocate_slab cache_(?:free|alloc|grow|flusharray)\w* ___?cache_\w+
  __cache_\w+ __do_(?:cache_alloc|kmalloc\w*|kfree\w*) do_slab_free free_block fallback_alloc _*fortify_\w+
  __fortify_panic refcount_\w+ __refcount_\w+ kref_(?:get|put)\w*
  _*list_(?:add|del|head|empty|move|splice|replace|debug)\w* __?list_\w+_(?:valid|or_report)\w* hlist_\w+
  __hlist_\w+ rb_(?:insert|erase|next|first)\w* __rb_\w+ __might_\w+ ___might_\w+ might_\w+ __schedule_bug
  __cant_\w+ dequeue_\w+ rcu_(?:lockdep\w*|read_\w+|is_watching|dereference\w*) lockdep_\w+ __lockdep\w+
  trace_(?:hardirqs|softirqs|preempt)\w* __bpf_trace\w* should_fail\w* fail_dump _*should_failslab
  fault_create\w*
  # Memory, strings, user space
  _*(?:kmalloc|kzalloc|kvmalloc|kcalloc|kmem|kfree|kvfree|krealloc|vmalloc|vzalloc|vfree|kstrdup)\w*
  kfree_sensitive mempool_\w+ create_object alloc_pages\w* __alloc_(?:pages|skb|percpu)\w* __get_free_pages
  get_page_from_freelist free_large_kmalloc free_pages\w* __free_pages\w* free_unref\w*
  free_(?:pcp|hot|one_page)\w* alloc_skb\w* dev_alloc_skb __netdev_alloc_skb sock_k?malloc kmemdup\w*
  kasprintf kvasprintf pcpu_alloc\w* prep_new_page bad_page post_alloc_hook
  _*mem(?:cpy|set|move|cmp|chr|scan|dup)\w*
  _*str(?:n?cpy|n?cat|n?cmp|n?len|n?chr|rchr|str|n?casecmp|lcpy|scpy|sep|nstr|pbrk|spn)\w*
  memdup_user\w* _*copy_(?:from|to|in)_user\w* _*copy_user\w* raw_copy_\w+ _?copy_(?:to|from)_iter\w*
  instrument_\w+ _*(?:get|put)_user\w* csum_partial\w* __put_user_\w+ do_strncpy_from_user __access_ok
  crc\w*_(?:le|be)\w* (?:v?sn?|vsc?n?)printf string\w* number pointer vscnprintf put_unaligned\w*
  get_unaligned\w*
  # Locks, atomics, lists of waiters
  lock_(?:acquire|release|acquired|contended|is_held\w*|set_class)\w* _*lock_(?:acquire|release)\w*
  validate_chain
  check_(?:prev\w*|noncircular|deadlock|usage\w*|irq_usage|chain\w*|flags|no_collision|wait_context|redundant|lock\w*)
  mark_(?:lock|usage|held\w*)\w* register_lock_class look_up_lock_class assign_lock_key valid_state usage_\w+
  find_usage\w* add_lock\w* __lock_\w+ reacquire_held\w* debug_check_no_\w+ _*raw_(?:spin|read|write)_\w+
  do_raw_\w+ _*(?:spin|read|write)_(?:lock|unlock|trylock)\w* queued_(?:spin|read|write)\w* native_queued_\w+
  pv_(?:wait|kick|queued)\w* __pv_\w+ _*mutex_\w+ rt_mutex_\w+ rwlock_\w+ spin_(?:bug|dump|lock\w*) rwsem_\w+
  _*(?:down|up)(?:_(?:read|write|killable|interruptible|timeout|trylock|\w*nested\w*|failed|common))*
  __?down_\w+ __?up_\w+ percpu_(?:down|up)_\w+ __percpu_\w+ call_rwsem_\w+ osq_\w+ seq(?:lock|count)_\w+
  _*atomic(?:64)?_\w+ arch_atomic\w* _*test_(?:and_)?\w*bit\w*
  _*(?:set|clear|change|find_(?:first|next))_\w*bit\w* _?find_(?:first|next)\w* variable_test_bit
  constant_test_bit arch_(?:test|set|clear)_\w+ bitmap_\w+ _*(?:read|write)_once\w* __(?:read|write)_once_size
  ref_tracker_\w+
  # Waiting and being interrupted
  _*schedule(?:_(?:timeout|hrtimeout|preempt|idle|debug)\w*)? context_switch io_schedule\w*
  preempt_schedule\w* wait_(?:for_\w+|on_\w+|woken) _*wait_for_\w+ do_wait_\w+ bit_wait\w* out_of_line_wait\w*
  __wait_\w+ prepare_to_wait\w* finish_wait flush_work __flush_work\w* flush_workqueue drain_workqueue
  cancel_\w*work\w* start_flush_work touch_\w+ dput va_format dev_vprintk_emit device_destroy sched_fork
  unlock_page __mod_timer __try_to_del_timer_sync reiserfs_write_lock filemap_alloc_\w+ __filemap_get_folio
  pagecache_get_page iput tty_ldisc_lock\w* _*timer_delete\w* tty_unregister_device __switch_to\w* __x86_\w+
  __indirect_thunk\w* retpoline\w* read_word_at_a_time hex_string crc\w+ ldsem_\w+ fast_dput
  do_tag_check_fault do_tag_recovery kthread_(?:stop|park|flush\w*) usb_kill_urb __cancel_work\w*
  _*insert_work\w* lock_timer_base work_is_static_object (?:lock|release)_sock\w* folio_\w+
  alloc_(?:page|frozen|folio)\w* __alloc_\w+ device_(?:add|del|unregister|create|register)\w*
  get_device_parent hlock_class __seqprop\w* simple_copy_to_iter task_fork\w* lock_sock\w* __refrigerator
  hrtimer_nanosleep do_nanosleep msleep\w* usleep\w* __cond_resched\w* cond_resched _cond_resched
  retint_\w+ restore_regs\w* arch_trigger\w* trigger_\w+ irqentry_\w+
  _?local_bh_(?:enable|disable)\w* __local_bh_\w+ arch_local_\w+
  native_(?:safe_halt|irq\w+|save_fl|restore_fl) trace_hardirqs\w* end 0x\w+
  # Of no object in particular
  kobject_(?:get|put|add|cleanup|del|init|release|set\w*|uevent\w*)\w* kobj_\w+ __kobject_\w+ add_uevent_var
  sysfs_(?:warn_dup|create\w*|do_create\w*|remove\w*|add_file\w*) kernfs_(?:remove\w*|create\w*|add\w*)
  proc_(?:register|create\w*|mkdir\w*) remove_proc_\w+ idr_(?:alloc|remove|replace|for_each)\w* ida_\w+ xa_\w+
  xas_\w+ _*percpu_(?:ref|counter)_\w+ del_timer\w* try_to_del_timer\w*
  timer_(?:delete|shutdown|fixup|is_static)\w* _*timer_\w+_object mod_timer\w* add_timer\w*
  hrtimer_(?:start|cancel|init|try_to_cancel)\w* destroy_work\w* _*queue_(?:delayed_)?work\w*
  mod_delayed_work\w* _*init_(?:work|timer\w*|swait\w*) __init_\w+ crypto_(?:shash_\w*update|ahash_\w*)
  _*skb_(?:to_sgvec|copy_bits|checksum|put|push|pull|over_panic|under_panic|panic|trim|release_head\w*)\w*
  skb_queue_(?:purge|tail|head)\w* kfree_skb\w* __kfree_skb\w* consume_skb
  _*dev_(?:printk|info|notice|warn|err|crit|emerg|alert|dbg)\w* __might_resched preempt_count_(?:add|sub)\w*
  check_preemption_disabled debug_smp_processor_id __this_cpu_preempt_check
`);

export const isHelper = (name: string) => HELPERS.test(name);
/** One of them, or of those that only found the crash. */
export const isBlameless = (name: string) => HELPERS.test(name) || INTERRUPTS.test(name);

/** How a task came into the kernel: nothing went wrong there. */
export const ENTRIES = anyOf(String.raw`
  do_syscall_\w+ do_fast_syscall_\w+ do_int80_\w+ sysenter_\w+ entry_\w+ system_call\w* el0_svc\w*
  invoke_syscall __invoke_syscall ret_fast_syscall do_SYSENTER_32 x64_sys_call ret_from_fork\w*
`);

/** Frames that say what the CPU was busy with on the whole: the one below them is what it was. */
export const ANCHORS = anyOf(String.raw`
  process_one_work process_scheduled_works do_syscall_\w+ do_fast_syscall_\w+ do_int80_\w+ sysenter_\w+
  tracesys_\w+ entry_\w+ system_call\w* el0_svc\w* invoke_syscall __invoke_syscall ret_fast_syscall
  do_SYSENTER_32 x64_sys_call tasklet_action_common __netif_receive_skb\w* netif_receive_skb\w*
  process_backlog __napi_poll napi_poll net_rx_action tasklet_action\w* call_timer_fn expire_timers
  run_timer_softirq __run_timers\w* __hrtimer_run_queues hrtimer_run_\w+ __do_softirq handle_softirqs
  do_softirq\w* run_ksoftirqd smpboot_thread_fn rcu_do_batch kthread ret_from_fork\w* start_secondary
  cpu_startup_entry do_idle start_kernel task_work_run exit_to_user\w* sock_sendmsg\w* ____sys_sendmsg
  sock_recvmsg\w* sock_write_iter sock_ioctl vfs_ioctl do_vfs_ioctl compat_SyS_ioctl ksys_ioctl
  (?:__\w+_)?(?:compat_)?sys_(?:ioctl|writev?|readv?|sendmsg|setsockopt) sock_common_setsockopt netlink_dump
  __vfs_(?:read|write) vfs_(?:read|write)v? do_iter_\w+
  __sys_(?:sendmsg|setsockopt|getsockopt|connect|bind|accept4|sendto|recvfrom) new_sync_(?:read|write)
  call_(?:read|write)_iter smp_call_function\w* on_each_cpu\w* kthread_worker_fn worker_thread
`);
