package terminal

// SchemaVersion of every JSON output. It rises when a member changes its
// meaning or goes; new members may come at any time.
const SchemaVersion = 1
