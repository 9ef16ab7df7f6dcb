//go:build !windows

package process

// ownMask lets files be made for their owner alone. Those of ours are anyway: this
// is for what others make in our process.
const ownMask = 0o077
