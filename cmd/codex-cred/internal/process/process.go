// Package process is what the system gives a run of the program, and takes from it:
// environment, directories, signals, protection, detached and replaced processes.
package process

// A Process is this run of the program as the system sees it.
type Process struct {
	Getenv func(string) string
	// DataHome and StateHome are the directories in which programs of this user keep
	// data and logs.
	DataHome  string
	StateHome string
	// HostID returns the id of this machine.
	HostID func() (string, error)
	// unprotect undoes Protect; nil before it.
	unprotect func()
}

// Protect keeps the tokens in memory out of core files and away from debuggers, and
// what this process makes away from other users.
func (p *Process) Protect() { p.unprotect = protect() }

// Unprotect gives the process what the person started it with, for a program of the
// person's that it starts or becomes, and returns what protects it again.
func (p *Process) Unprotect() (protect func()) {
	if p.unprotect == nil {
		return func() {}
	}
	p.unprotect()
	return p.Protect
}

// Unattended returns the variable that says that nobody is there to be asked,
// or nothing.
func (p *Process) Unattended() string {
	for _, variable := range []string{"CODEX_CRED_NO_INPUT", "CI"} {
		if p.On(variable) {
			return variable
		}
	}
	return ""
}

// On reports whether the variable is set, and not to what means no.
func (p *Process) On(variable string) bool {
	value := p.Getenv(variable)
	return value != "" && value != "false" && value != "0"
}
