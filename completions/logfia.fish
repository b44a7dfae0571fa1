# fish completion for logfia(1).

set -g __logfia_types file directory symlink block char tty fifo pipe memfd inet socket tcp tcp6 udp \
    udp6 udplite udplite6 raw raw6 icmp icmp6 unix netlink packet vsock mptcp sctp eventfd epoll \
    inotify fanotify signalfd timerfd pidfd io_uring userfaultfd perf_event bpf namespace anon_inode
set -g __logfia_events open close rename connect listen lost hangup start exec exit all

# The names of running processes, of which the kernel keeps 15 bytes.
function __logfia_commands
    cat /proc/*/comm 2>/dev/null | sort -u
end

# A COMMAND follows `--`.
function __logfia_has_command
    contains -- -- (commandline -opc)
end

# The COMMAND's own completions, as if nothing preceded it.
function __logfia_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l rest $words[(math $at + 1)..-1]
    complete -C "$rest "(commandline -ct)
end

complete -c logfia -f
complete -c logfia -n __logfia_has_command -a '(__logfia_command)'
complete -c logfia -n 'not __logfia_has_command' -k -a '(__fish_complete_pids)'

complete -c logfia -n 'not __logfia_has_command' -s h -l help -d 'Print a help text and exit'
complete -c logfia -n 'not __logfia_has_command' -s V -l version -d 'Print the version and exit'

complete -c logfia -n 'not __logfia_has_command' -s p -l pid -x -a '(__fish_complete_list , __fish_complete_pids)' -d 'Watch these processes'
complete -c logfia -n 'not __logfia_has_command' -l name -x -a '(__logfia_commands)' -d 'Watch processes whose name matches, later ones too'
complete -c logfia -n 'not __logfia_has_command' -l not-name -x -a '(__logfia_commands)' -d 'Leave out programs whose name matches'
complete -c logfia -n 'not __logfia_has_command' -s a -l all -d 'Watch every process that you may look into'
complete -c logfia -n 'not __logfia_has_command' -s u -l user -x -a '(__fish_complete_users)' -d 'With --name or --all: only processes of this user'
complete -c logfia -n 'not __logfia_has_command' -s f -l follow -d 'Watch children too'
complete -c logfia -n 'not __logfia_has_command' -l proc -x -a '(__fish_complete_directories)' -d 'Where procfs is mounted'
complete -c logfia -n 'not __logfia_has_command' -l no-dup -d 'Learn about sockets only from the kernel\'s tables'

complete -c logfia -n 'not __logfia_has_command' -s d -l interval -x -a '0 500us 1ms 10ms 100ms 1s' -d 'Time between two looks'
complete -c logfia -n 'not __logfia_has_command' -s X -l exact -d 'With a COMMAND: miss nothing, however short'
complete -c logfia -n 'not __logfia_has_command' -s 1 -l once -d 'Print what is open now, then exit'
complete -c logfia -n 'not __logfia_has_command' -l duration -x -a '10s 1m 10m 1h' -d 'Stop after this time'
complete -c logfia -n 'not __logfia_has_command' -l count -x -d 'Stop after this many records'

complete -c logfia -n 'not __logfia_has_command' -s r -l real-files -d 'Only files and directories in a filesystem'
complete -c logfia -n 'not __logfia_has_command' -s t -l type -x -a '(__fish_append , $__logfia_types)' -d 'Only these types'
complete -c logfia -n 'not __logfia_has_command' -s e -l event -x -a '(__fish_append , $__logfia_events)' -d 'Only these events'
complete -c logfia -n 'not __logfia_has_command' -s i -l include -r -F -d 'Only names or peers that match'
complete -c logfia -n 'not __logfia_has_command' -s x -l exclude -r -F -d 'No names or peers that match'
complete -c logfia -n 'not __logfia_has_command' -l inherited -d 'Also print what a child has from its parent'
complete -c logfia -n 'not __logfia_has_command' -l no-initial -d 'Do not print what was open already'

complete -c logfia -n 'not __logfia_has_command' -s j -l json -d 'Write JSON Lines'
complete -c logfia -n 'not __logfia_has_command' -s o -l output -r -F -d 'Append the records to a file'
complete -c logfia -n 'not __logfia_has_command' -s l -l long -d 'Add COMM[PID] and FD columns'
complete -c logfia -n 'not __logfia_has_command' -l no-long -d 'Never add COMM[PID] and FD columns'
complete -c logfia -n 'not __logfia_has_command' -l time -x -a 'iso unix start delta' -d 'How times are written'
complete -c logfia -n 'not __logfia_has_command' -l utc -d 'Times in UTC'
complete -c logfia -n 'not __logfia_has_command' -l color -x -a 'auto always never' -d 'When to use colours'
complete -c logfia -n 'not __logfia_has_command' -s c -l summary-only -d 'A table at the end instead of the records'
complete -c logfia -n 'not __logfia_has_command' -s C -l summary -d 'A table on standard error after the records'
complete -c logfia -n 'not __logfia_has_command' -l leaks -d 'List what was left open; status 3 if there is a leak'
complete -c logfia -n 'not __logfia_has_command' -l leak-min -x -d 'How many descriptors alike make a leak'
complete -c logfia -n 'not __logfia_has_command' -s q -l quiet -d 'No notices on standard error'

complete -c logfia -n 'not __logfia_has_command' -s n -l numeric -d 'Do not look up host names'
complete -c logfia -n 'not __logfia_has_command' -l dns-wait -x -a '0 250ms 2s' -d 'The longest time a record waits for a host name'
complete -c logfia -n 'not __logfia_has_command' -l dns-server -x -d 'Ask these name servers'
