// A preload for a command, which tells on standard output that the command has received SIGTERM.
process.on('SIGTERM', () => process.stdout.write('received SIGTERM\n'));
