// Loaded into a child process before its own code (node --import): ends it when its parent dies,
// however that happens. The channel does not keep the process alive.
if (process.channel) {
  process.on("disconnect", () => {
    process.exit();
  });
  process.channel.unref();
}
