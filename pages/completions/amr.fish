# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_amr_global_optspecs
    string join \n root= log-level= h/help V/version
end

function __fish_amr_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_amr_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_amr_using_subcommand
    set -l cmd (__fish_amr_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c amr -n "__fish_amr_needs_command" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_needs_command" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_needs_command" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_needs_command" -s V -l version -d 'Print version'
complete -c amr -n "__fish_amr_needs_command" -f -a "start" -d 'Start units and what they require, in order'
complete -c amr -n "__fish_amr_needs_command" -f -a "stop" -d 'Stop units and what depends on them, in order'
complete -c amr -n "__fish_amr_needs_command" -f -a "restart" -d 'Stop units, then start them'
complete -c amr -n "__fish_amr_needs_command" -f -a "try-restart" -d 'Restart units that run'
complete -c amr -n "__fish_amr_needs_command" -f -a "condrestart" -d 'Restart units that run'
complete -c amr -n "__fish_amr_needs_command" -f -a "reload" -d 'Tell units to read their configuration again'
complete -c amr -n "__fish_amr_needs_command" -f -a "reload-or-restart" -d 'Reload units that can, restart the others; start those that are down'
complete -c amr -n "__fish_amr_needs_command" -f -a "try-reload-or-restart" -d 'Reload units that run and can, restart the others that run'
complete -c amr -n "__fish_amr_needs_command" -f -a "force-reload" -d 'Reload units that run and can, restart the others that run'
complete -c amr -n "__fish_amr_needs_command" -f -a "kill" -d 'Send a signal to the processes of units'
complete -c amr -n "__fish_amr_needs_command" -f -a "status" -d 'Show what units do, and their last log lines'
complete -c amr -n "__fish_amr_needs_command" -f -a "is-active" -d 'Exit with 0 if one of the units is active'
complete -c amr -n "__fish_amr_needs_command" -f -a "is-failed" -d 'Exit with 0 if one of the units has failed'
complete -c amr -n "__fish_amr_needs_command" -f -a "reset-failed" -d 'Forget that units have failed, and their start limits'
complete -c amr -n "__fish_amr_needs_command" -f -a "show" -d 'Print properties of units, one KEY=VALUE a line'
complete -c amr -n "__fish_amr_needs_command" -f -a "cat" -d 'Print the files of units, drop-ins included'
complete -c amr -n "__fish_amr_needs_command" -f -a "security" -d 'Show how much services could do to this host, as systemd-analyze security; what is not applied here counts as bad'
complete -c amr -n "__fish_amr_needs_command" -f -a "list-units" -d 'List units that amr knows to be active, failed or wanted'
complete -c amr -n "__fish_amr_needs_command" -f -a "list-unit-files" -d 'List all unit files that are installed'
complete -c amr -n "__fish_amr_needs_command" -f -a "list-dependencies" -d 'Print the tree of units that a unit pulls in'
complete -c amr -n "__fish_amr_needs_command" -f -a "daemon-reload" -d 'Have running services go by their unit files as they are now'
complete -c amr -n "__fish_amr_needs_command" -f -a "run" -d 'Run a unit once, in the foreground, and exit with its status'
complete -c amr -n "__fish_amr_needs_command" -f -a "logs" -d 'Print the log of a unit'
complete -c amr -n "__fish_amr_needs_command" -f -a "drain" -d 'Has the log shipper shipped every byte?'
complete -c amr -n "__fish_amr_needs_command" -f -a "order" -d 'What a boot or a shutdown does, in order and why; exit 0 if the hook runs in time and in order'
complete -c amr -n "__fish_amr_needs_command" -f -a "enable" -d 'Start units at boot, or with those that [Install] names: init script and links, or systemctl enable'
complete -c amr -n "__fish_amr_needs_command" -f -a "disable" -d 'Start units no more at boot, nor with others: all links to them go, their other names among them'
complete -c amr -n "__fish_amr_needs_command" -f -a "reenable" -d 'Set links anew, as [Install] asks for them now'
complete -c amr -n "__fish_amr_needs_command" -f -a "is-enabled" -d 'Print whether units are started at boot or with others; exit 0 if one is'
complete -c amr -n "__fish_amr_needs_command" -f -a "chkconfig" -d 'chkconfig\'s own command line: --list, --add, --del, on, off, reset and the rest'
complete -c amr -n "__fish_amr_needs_command" -f -a "initd" -d 'Print an init script for a unit'
complete -c amr -n "__fish_amr_needs_command" -f -a "cgroups" -d 'Show which hierarchy has which controller of control groups; mount those that none has'
complete -c amr -n "__fish_amr_needs_command" -f -a "tmpfiles" -d 'Create the folders, files and links that packages expect, by tmpfiles.d(5)'
complete -c amr -n "__fish_amr_needs_command" -f -a "sysusers" -d 'Make the users and groups that packages expect, by sysusers.d(5)'
complete -c amr -n "__fish_amr_needs_command" -f -a "demo" -d 'Show the main job end to end below a throw-away folder'
complete -c amr -n "__fish_amr_needs_command" -f -a "stand-in" -d 'What the demo runs in place of python and mosquitto'
complete -c amr -n "__fish_amr_needs_command" -f -a "reaction" -d 'What a supervisor runs when its unit ended by itself'
complete -c amr -n "__fish_amr_using_subcommand start" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand start" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand start" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand start" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand start" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand start" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand start" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand start" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand start" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand stop" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand stop" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand stop" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand stop" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand stop" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand stop" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand stop" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand stop" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand stop" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand restart" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand restart" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand restart" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand restart" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand restart" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand restart" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand restart" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand restart" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand restart" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand try-restart" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand try-restart" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand condrestart" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand condrestart" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand reload" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand reload" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand reload" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand reload" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand reload" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand reload" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand reload" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand reload" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand reload" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand reload-or-restart" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand try-reload-or-restart" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l timeout -d 'Give up waiting after this time, e.g. `90` or `2min`' -r
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand force-reload" -s n -l dry-run -d 'Print what would be done, in order and why, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l no-wait -l no-block -d 'Do not wait until it is done'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l strict -d 'Refuse units with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l ignore-dependencies -d 'Touch the named units only'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand force-reload" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand kill" -s s -l signal -d 'Which signal, by name or number' -r
complete -c amr -n "__fish_amr_using_subcommand kill" -l kill-whom -d 'To whom' -r -f -a "main\t'The main process'
control\t'The command that runs beside it (start, stop, reload)'
all\t'Every process'"
complete -c amr -n "__fish_amr_using_subcommand kill" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand kill" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand kill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c amr -n "__fish_amr_using_subcommand status" -s n -l lines -d 'How many of the last log lines to show' -r
complete -c amr -n "__fish_amr_using_subcommand status" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand status" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand status" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand status" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand is-active" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand is-active" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand is-active" -s q -l quiet -d 'Print nothing, only exit'
complete -c amr -n "__fish_amr_using_subcommand is-active" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand is-failed" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand is-failed" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand is-failed" -s q -l quiet -d 'Print nothing, only exit'
complete -c amr -n "__fish_amr_using_subcommand is-failed" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand reset-failed" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand reset-failed" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand reset-failed" -s q -l quiet -d 'Print nothing, only exit'
complete -c amr -n "__fish_amr_using_subcommand reset-failed" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand show" -s p -l property -d 'Only these properties, comma separated; repeatable' -r
complete -c amr -n "__fish_amr_using_subcommand show" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand show" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand show" -s a -l all -d 'Also properties that are empty'
complete -c amr -n "__fish_amr_using_subcommand show" -l value -d 'Print the values without their names'
complete -c amr -n "__fish_amr_using_subcommand show" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand show" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand cat" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand cat" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand cat" -s q -l quiet -d 'Print nothing, only exit'
complete -c amr -n "__fish_amr_using_subcommand cat" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand security" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand security" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand security" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand security" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand list-units" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand list-units" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand list-units" -s a -l all -d 'Also those that are inactive'
complete -c amr -n "__fish_amr_using_subcommand list-units" -l no-legend -d 'No heading and no legend'
complete -c amr -n "__fish_amr_using_subcommand list-units" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand list-units" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -s a -l all -d 'Also those that are inactive'
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -l no-legend -d 'No heading and no legend'
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand list-unit-files" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l reverse -d 'What pulls it in, not what it pulls in'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l after -d 'What it is ordered after'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l before -d 'What is ordered after it'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -s a -l all -d 'Unfold services too, not only targets'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand list-dependencies" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand daemon-reload" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand daemon-reload" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand daemon-reload" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand run" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand run" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand run" -l strict -d 'Refuse to run with directives that amr would not apply, or files that others can write'
complete -c amr -n "__fish_amr_using_subcommand run" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand logs" -s n -l lines -d 'The last N lines only' -r
complete -c amr -n "__fish_amr_using_subcommand logs" -s S -l since -d 'From this time on: RFC 3339, `YYYY-MM-DD [HH:MM[:SS]]`, `HH:MM`, or a span such as `-1h`' -r
complete -c amr -n "__fish_amr_using_subcommand logs" -s U -l until -d 'Up to this time' -r
complete -c amr -n "__fish_amr_using_subcommand logs" -s p -l priority -d 'This priority and more urgent ones: 0-7, or emerg, alert, crit, err, warning, notice, info, debug' -r
complete -c amr -n "__fish_amr_using_subcommand logs" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand logs" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand logs" -s f -l follow -d 'Go on printing what is added'
complete -c amr -n "__fish_amr_using_subcommand logs" -s b -l boot -d 'Since the last boot only'
complete -c amr -n "__fish_amr_using_subcommand logs" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand drain" -l timeout -d 'Give up waiting after this time; one look (--once) takes two minutes at most in any case' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l soft-timeout -d 'Tell how things stand after this time, also to the command of --exec, and go on' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l settle -d 'How long silence must last before it counts; above every latency of the shipper if not given' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l stall -d 'After how long without movement the drain is stalled' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l on-stall -d 'Whether a stalled drain waits on until its timeout' -r -f -a "wait\t'Wait until the timeout'
fail\t'End with `stalled`'"
complete -c amr -n "__fish_amr_using_subcommand drain" -l freeze -d 'Which files keep the size that they have at the start; auto: those that log daemons write' -r -f -a "auto\t'Those that log daemons hold open for writing'
all\t'All'
none\t'None'"
complete -c amr -n "__fish_amr_using_subcommand drain" -l exec -d 'Run CMD, without a shell, with the verdict (or `so-far`) and the report\'s path as last arguments' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l exec-timeout -d 'How long the command of --exec may take' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l reports -d 'Keep reports and drain.log in DIR' -r -F
complete -c amr -n "__fish_amr_using_subcommand drain" -l report -d 'Write the report to FILE as well' -r -F
complete -c amr -n "__fish_amr_using_subcommand drain" -l registry -d 'Where the shipper keeps its positions' -r -F
complete -c amr -n "__fish_amr_using_subcommand drain" -l config -d 'The shipper\'s configuration' -r -F
complete -c amr -n "__fish_amr_using_subcommand drain" -l logs -d 'Files that must be shipped even if the registry does not know them; repeatable' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand drain" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand drain" -l once -d 'Judge now and exit: 0 drained, 10 settled, 11 cannot tell, 12 stalled, 13 gave up, 14 shipper dead, 15 lost'
complete -c amr -n "__fish_amr_using_subcommand drain" -l console -d 'Show progress on the console, too'
complete -c amr -n "__fish_amr_using_subcommand drain" -l json -d 'Print the report as JSON'
complete -c amr -n "__fish_amr_using_subcommand drain" -s q -l quiet -d 'Print nothing but errors'
complete -c amr -n "__fish_amr_using_subcommand drain" -l ignore-short -d 'Do without files that Filebeat 9 leaves alone since they are shorter than its fingerprint'
complete -c amr -n "__fish_amr_using_subcommand drain" -l last -d 'Print the last report that was kept, and exit with its code'
complete -c amr -n "__fish_amr_using_subcommand drain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c amr -n "__fish_amr_using_subcommand order" -l runlevel -d 'The way to runlevel N' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l why -d 'Why A comes before B: the chain of edges, with file and line; exit 1 if it does not' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l svg -d 'Write a picture to FILE; `-` is standard output' -r -F
complete -c amr -n "__fish_amr_using_subcommand order" -l hook -d 'The hook that waits for the shipper; found by itself if not given; repeatable' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l shipper -d 'The shipper; repeatable' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l writer -d 'A service that must have stopped writing before the hook begins; repeatable' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l needs -d 'How long the hook may need' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l state -d 'What units do now, as printed by systemctl show \'*\' -p Id -p ActiveState -p TimeoutStopUSec' -r -F
complete -c amr -n "__fish_amr_using_subcommand order" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand order" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand order" -l boot -d 'The way up'
complete -c amr -n "__fish_amr_using_subcommand order" -l shutdown -d 'The way down, runlevel 0; this is meant if nothing is said'
complete -c amr -n "__fish_amr_using_subcommand order" -l reboot -d 'The way down, runlevel 6'
complete -c amr -n "__fish_amr_using_subcommand order" -l check -d 'Only what is wrong, each with a remedy; both ways down if none is named'
complete -c amr -n "__fish_amr_using_subcommand order" -s a -l all -d 'Show every step, not only those around the hook'
complete -c amr -n "__fish_amr_using_subcommand order" -l json -d 'Print JSON'
complete -c amr -n "__fish_amr_using_subcommand order" -l dot -d 'Print a graph for dot(1)'
complete -c amr -n "__fish_amr_using_subcommand order" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand enable" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand enable" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand enable" -l now -d 'Start or stop them as well'
complete -c amr -n "__fish_amr_using_subcommand enable" -l no-reload -d 'Leave services that run with the plan that they have; else as after `amr daemon-reload`'
complete -c amr -n "__fish_amr_using_subcommand enable" -s n -l dry-run -d 'Print what would be done, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand enable" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand disable" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand disable" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand disable" -l now -d 'Start or stop them as well'
complete -c amr -n "__fish_amr_using_subcommand disable" -l no-reload -d 'Leave services that run with the plan that they have; else as after `amr daemon-reload`'
complete -c amr -n "__fish_amr_using_subcommand disable" -s n -l dry-run -d 'Print what would be done, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand disable" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand reenable" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand reenable" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand reenable" -l now -d 'Start or stop them as well'
complete -c amr -n "__fish_amr_using_subcommand reenable" -l no-reload -d 'Leave services that run with the plan that they have; else as after `amr daemon-reload`'
complete -c amr -n "__fish_amr_using_subcommand reenable" -s n -l dry-run -d 'Print what would be done, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand reenable" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand is-enabled" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand is-enabled" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand is-enabled" -s q -l quiet -d 'Print nothing, only exit'
complete -c amr -n "__fish_amr_using_subcommand is-enabled" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand chkconfig" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand chkconfig" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand initd" -l print -d 'Print the script for this unit' -r
complete -c amr -n "__fish_amr_using_subcommand initd" -l family -d 'For which family; the host\'s own if not given' -r -f -a "redhat\t'`# chkconfig:` and no LSB block'
debian\t'A complete LSB block'"
complete -c amr -n "__fish_amr_using_subcommand initd" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand initd" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand initd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c amr -n "__fish_amr_using_subcommand cgroups" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand cgroups" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand cgroups" -l mount -d 'Mount each controller that no hierarchy has, by itself, below /sys/fs/cgroup; never one that is mounted or in use'
complete -c amr -n "__fish_amr_using_subcommand cgroups" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -l boot -d 'Also the lines that are for the boot alone (`!`)'
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -s n -l dry-run -d 'Print what would be done and what would not, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -s v -l verbose -d 'Print what is done and which lines are passed over'
complete -c amr -n "__fish_amr_using_subcommand tmpfiles" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand sysusers" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand sysusers" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand sysusers" -s n -l dry-run -d 'Print who would be made, and do nothing'
complete -c amr -n "__fish_amr_using_subcommand sysusers" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand demo" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand demo" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand demo" -l keep -d 'Keep the folder and print its name'
complete -c amr -n "__fish_amr_using_subcommand demo" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand stand-in" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand stand-in" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand stand-in" -s h -l help -d 'Print help'
complete -c amr -n "__fish_amr_using_subcommand reaction" -l root -d 'Take DIR for /: unit files, state and logs are read and written below it' -r -F
complete -c amr -n "__fish_amr_using_subcommand reaction" -l log-level -d 'Print more or less: off, error, warn, info, debug or trace (also from $AMR_LOG)' -r
complete -c amr -n "__fish_amr_using_subcommand reaction" -s h -l help -d 'Print help'
