// Package home assembles everything under one root: accounts, locks, stores,
// journals, hosts, the request log and the client that refreshes. Start with
// [Open].
package home

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
	"github.com/codex-cred/codex-cred/internal/machine/runclock"
	"github.com/codex-cred/codex-cred/keychain"
	"github.com/codex-cred/codex-cred/refresh"
)

// Names of the stores, in account files and on the command line.
const (
	StoreAuto     = "auto" // the keychain, or files if there is none
	StoreKeychain = "keychain"
	StoreFile     = "file"
)

// A Home is everything under one root. It opens nothing: each part opens its
// files when it is used.
type Home struct {
	Root      string
	Accounts  *accountdir.Dir
	Locks     *filelock.Locks
	Keychain  *keychain.Store
	FileStore *fallbackfile.Store
	Journals  *journal.Dir
	Hosts     *hosttable.Table
	Shims     *shimdir.Dir
	Setups    *setupdir.Dir
	Runs      *rundir.Dir
	Log       *requestlog.Log
	// Recorder writes the request log; nil if the user did not ask for it.
	Recorder      *requestlog.Recorder
	Records       helper.Records
	Keeper        helper.Keeper
	RefreshClient *refresh.Client
	now           func() time.Time
	HostID        func() (string, error) // the id of this machine
}

// A Config is what a home needs from the program.
type Config struct {
	Process *process.Process
	Now     func() time.Time
	// Running measures how long a worker runs; zero: the system's clock.
	Running runclock.Clock
	// UserAgent is sent with each request.
	UserAgent string
	// Command is the name of the command, for the request log.
	Command string
	// Worker says that the command is a worker, which may outlive the root.
	Worker bool
	// Warn prints a warning for the user.
	Warn func(format string, args ...any)
}

// Open returns the user's home. It checks that the root belongs to the user.
func Open(c Config) (*Home, error) {
	root, err := Root(c.Process)
	if err == nil {
		err = safefile.CheckRoot(root)
	}
	if err != nil {
		return nil, err
	}
	return At(c, root), nil
}

// At returns the home under the root. It does not check the root.
func At(c Config, root string) *Home {
	h := &Home{
		Root:      root,
		Accounts:  accountdir.New(root, c.Now),
		Locks:     filelock.New(root),
		Keychain:  keychain.New(),
		FileStore: fallbackfile.New(root),
		Journals:  journal.New(root).RequireRoot(),
		Hosts:     hosttable.New(root),
		Shims:     shimdir.New(root),
		Setups:    setupdir.New(root),
		Runs:      rundir.New(root),
		Log:       requestlog.New(stateRoot(c.Process, root)),
		now:       c.Now,
		HostID:    c.Process.HostID,
		RefreshClient: &refresh.Client{
			UserAgent: c.UserAgent, Now: c.Now, Proxy: http.ProxyFromEnvironment, Running: c.Running,
		},
	}
	h.Keychain.Serialize = h.serializeKeychain
	h.record(c)
	h.Records = helper.Records{
		Accounts: h.Accounts,
		Stores:   helper.Router{StoreKeychain: h.Keychain, StoreFile: h.FileStore},
	}
	h.Keeper = helper.Keeper{Records: h.Records, Locker: h.Locks, Random: rand.Reader, Host: h.HostFor}
	return h
}

// HostFor returns the id of the machine to which the store binds sign-ins. Only
// files bind them: files can be copied, and several machines can share a home.
func (h *Home) HostFor(store string) string {
	if store != StoreFile {
		return ""
	}
	return h.MachineID()
}

// MachineID returns the id of this machine, or an empty string if the system
// has none.
func (h *Home) MachineID() string {
	id, err := h.HostID()
	if err != nil {
		return ""
	}
	return id
}

// Root returns the directory that contains codex-cred's files.
func Root(p *process.Process) (string, error) {
	root := p.Getenv("CODEX_CRED_HOME")
	switch {
	case root == "" && p.Getenv("HOME") == "" && runtime.GOOS != "windows":
		return "", fault.WithHint(errors.New("find the home directory: HOME is not set"),
			"set HOME, or CODEX_CRED_HOME to a directory of your own")
	case root == "":
		root = filepath.Join(p.DataHome, "codex-cred")
	case !filepath.IsAbs(root):
		return "", fault.WithHint(fmt.Errorf("CODEX_CRED_HOME is %q, a relative path", root),
			"set it to a path that begins at the root")
	}
	return filepath.Clean(root), nil
}
