// Package process is the interface between a run of the program and the system:
// environment, directories, signals, protection, and processes that are
// detached or replace this one.
package process

// A Process is this run of the program as the system sees it.
type Process struct {
	// Getenv returns the value of an environment variable.
	Getenv func(string) string
	// DataHome and StateHome are the directories for the user's data and logs.
	DataHome  string
	StateHome string
	// HostID returns the id of this machine.
	HostID func() (string, error)
	// unprotect undoes Protect; nil before the first Protect.
	unprotect func()
}

// Protect keeps tokens in memory out of core files and away from debuggers, and
// makes new files private to the user.
func (p *Process) Protect() { p.unprotect = protect() }

// Unprotect restores what the user started the process with, before it starts
// or becomes a program of the user's. It returns a function that protects the
// process again.
func (p *Process) Unprotect() (protect func()) {
	if p.unprotect == nil {
		return func() {}
	}
	p.unprotect()
	return p.Protect
}

// Unattended returns the variable that says that no user is present, or an
// empty string.
func (p *Process) Unattended() string {
	for _, variable := range []string{"CODEX_CRED_NO_INPUT", "CI"} {
		if p.On(variable) {
			return variable
		}
	}
	return ""
}

// On reports whether the variable is set, and not to false or 0.
func (p *Process) On(variable string) bool {
	value := p.Getenv(variable)
	return value != "" && value != "false" && value != "0"
}
