//go:build linux

// Package testbrowser runs real browsers without a display, for tests of browser behaviour:
// cookies, policies of pages, redirects. Start with [New].
//
// A browser has its own profile, reaches loopback only, and is killed with all its processes at the
// end of the test.
package testbrowser

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// A Browser can be started repeatedly, once at a time.
type Browser struct {
	path, dir string
	firefox   bool
}

// Names returns the browsers, which are also names of parts.
func Names() []string { return []string{"chromium", "firefox"} }

// New returns the browser with a new profile. Without the browser the test ends as [parts.Need]
// decides.
func New(t testing.TB, name string) *Browser {
	t.Helper()
	b := &Browser{firefox: name == "firefox"}
	program := name
	if b.firefox {
		program = "firefox-esr"
	}
	path, err := exec.LookPath(program)
	parts.Need(t, name, err)
	// The path is short because a browser makes sockets in it. No browser's path is the prefix of
	// another's.
	dir, err := os.MkdirTemp("", "b*-") //nolint:forbidigo,usetesting // the folder of a test would be too long a path
	if err != nil {
		t.Fatal(err)
	}
	b.path, b.dir = path, dir
	t.Cleanup(func() {
		b.Quit(t)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	err = os.Mkdir(b.profile(), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(b.profile(), "user.js"), []byte(preferences()), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *Browser) profile() string { return filepath.Join(b.dir, "p") }

// nowhere is the proxy for everything except loopback: nothing listens there.
const nowhere = "127.0.0.1:9"

// Command returns the command line of the browser, without the address to open. No argument
// contains a space, or a colon at which a list of commands would be split.
func (b *Browser) Command() []string {
	if b.firefox {
		return []string{b.path, "--headless", "--no-remote", "--profile", b.profile()}
	}
	return []string{
		b.path, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-popup-blocking",
		"--user-data-dir=" + b.profile(),
	}
}

// Env is the environment of the browser.
func (b *Browser) Env() []string {
	return []string{
		"HOME=" + b.dir, "TMPDIR=" + b.dir, "PATH=" + os.Getenv("PATH"), //nolint:forbidigo // for tests
		"DBUS_SESSION_BUS_ADDRESS=disabled:", "MOZ_CRASHREPORTER_DISABLE=1",
		"http_proxy=http://" + nowhere, "https_proxy=http://" + nowhere, "no_proxy=127.0.0.1,localhost,::1",
	}
}

// preferences are those of Firefox: no start pages, and no requests of its own.
func preferences() string {
	var js strings.Builder
	for name, value := range map[string]string{
		"browser.aboutwelcome.enabled":                      "false",
		"browser.shell.checkDefaultBrowser":                 "false",
		"browser.startup.homepage_override.mstone":          `"ignore"`,
		"browser.startup.page":                              "0",
		"datareporting.policy.dataSubmissionEnabled":        "false",
		"termsofuse.bypassNotification":                     "true",
		"app.normandy.enabled":                              "false",
		"app.update.auto":                                   "false",
		"extensions.update.enabled":                         "false",
		"network.captive-portal-service.enabled":            "false",
		"network.connectivity-service.enabled":              "false",
		"browser.safebrowsing.downloads.enabled":            "false",
		"browser.safebrowsing.malware.enabled":              "false",
		"browser.safebrowsing.phishing.enabled":             "false",
		"services.settings.server":                          `"http://` + nowhere + `"`,
		"network.proxy.type":                                "1",
		"network.proxy.http":                                `"127.0.0.1"`,
		"network.proxy.http_port":                           "9",
		"network.proxy.ssl":                                 `"127.0.0.1"`,
		"network.proxy.ssl_port":                            "9",
		"network.proxy.allow_hijacking_localhost":           "false",
		"toolkit.startup.max_resumed_crashes":               "-1",
		"browser.sessionstore.resume_from_crash":            "false",
		"browser.tabs.firefox-view":                         "false",
		"trailhead.firstrun.didSeeAboutWelcome":             "true",
		"dom.disable_open_during_load":                      "false", // pages of tests open tabs
		"dom.security.https_only_mode":                      "false",
		"browser.newtabpage.activity-stream.feeds.topsites": "false",
	} {
		js.WriteString("user_pref(" + strconv.Quote(name) + ", " + value + ");\n")
	}
	return js.String()
}

// Arguments returns the command lines of the browser's processes, as other users can read them.
func (b *Browser) Arguments() []string {
	var list []string
	for _, pid := range b.processes() {
		line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err == nil {
			list = append(list, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return list
}

// Quit kills every process that has the browser's environment, until none is left.
func (b *Browser) Quit(t testing.TB) {
	t.Helper()
	for range 10_000 {
		list := b.processes()
		if len(list) == 0 {
			return
		}
		for _, pid := range list {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have exited
		}
	}
	t.Error("processes of the browser do not end")
}

// processes returns the processes that name the browser's directory in their environment or
// arguments, and their children: chromium overwrites its environment.
func (b *Browser) processes() []int {
	directories, _ := filepath.Glob("/proc/[0-9]*") //nolint:forbidigo // no path that a user chose
	parents := map[int]int{}
	found := map[int]bool{}
	for _, directory := range directories {
		pid, err := strconv.Atoi(filepath.Base(directory))
		if err != nil {
			continue
		}
		parents[pid] = parentOf(directory)
		found[pid] = b.named(directory, "environ") || b.named(directory, "cmdline")
	}
	for again := true; again; {
		again = false
		for pid, parent := range parents {
			if found[parent] && !found[pid] {
				found[pid], again = true, true
			}
		}
	}
	maps.DeleteFunc(found, func(pid int, is bool) bool { return !is || pid == os.Getpid() })
	return slices.Sorted(maps.Keys(found))
}

// named reports whether the file of a process contains the browser's directory. A file that cannot
// be read does not.
func (b *Browser) named(process, file string) bool {
	content, err := os.ReadFile(filepath.Join(process, file)) //nolint:gosec // of /proc
	return err == nil && bytes.Contains(content, []byte(b.dir))
}

// parentOf returns the parent of a process, 0 if it has exited, see proc_pid_stat(5).
func parentOf(process string) int {
	stat, _ := os.ReadFile(filepath.Join(process, "stat")) //nolint:gosec // of /proc
	_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	columns := strings.Fields(rest)
	if len(columns) < 2 || columns[0] == "Z" {
		return 0
	}
	parent, _ := strconv.Atoi(columns[1])
	return parent
}
