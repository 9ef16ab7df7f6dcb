package terminal

// SchemaVersion is the version of all JSON output. It rises when a member
// changes its meaning or is removed; members may be added at any time.
const SchemaVersion = 1
