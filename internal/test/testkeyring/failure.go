package testkeyring

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// PartLaunch is the part that requires dbus-launch and a user without a session bus, see
// [parts.Need].
const PartLaunch = "dbus-launch"

// A Failure is a way in which a keychain returns no item.
type Failure string

// The failures.
const (
	Missing         Failure = "the item is missing"
	Locked          Failure = "the keyring is locked and no window can open"
	LockedAsking    Failure = "the keyring is locked and nobody answers its window"
	WrongPassword   Failure = "the daemon was given a wrong password"
	NoCollection    Failure = "the daemon has no collection"
	Stopped         Failure = "the daemon is stopped"
	BusGivesUp      Failure = "the daemon is stopped and the bus gives up"
	Killed          Failure = "the daemon was killed before the call"
	KilledInCall    Failure = "the daemon is killed in the call"
	BusKilledInCall Failure = "the bus is killed in the call"
	NoProvider      Failure = "the bus knows no daemon"
	ProviderFails   Failure = "the daemon fails at its start"
	ProviderHangs   Failure = "the daemon never comes up"
	MuteSocket      Failure = "the bus accepts and never answers"
	StaleSocket     Failure = "nobody listens at the socket of the bus"
	NoSocket        Failure = "the socket of the bus does not exist"
	BadAddress      Failure = "the address of the bus is no address"
	Disabled        Failure = "the bus is disabled"
	NoBus           Failure = "there is no bus"
	NoBusButLaunch  Failure = "there is no bus, and dbus-launch would start one"
)

// A step is one step of setting up a failure.
type step func(k *Keyring, t testing.TB, item string)

// Failures returns every failure.
func Failures() []Failure { return slices.Sorted(maps.Keys(failures())) }

func failures() map[Failure][]step {
	return map[Failure][]step{
		Missing:         {(*Keyring).run},
		Locked:          {(*Keyring).run, (*Keyring).store, (*Keyring).lock},
		LockedAsking:    {(*Keyring).run, (*Keyring).openWindow, (*Keyring).store, (*Keyring).lock},
		WrongPassword:   {(*Keyring).run, (*Keyring).store, (*Keyring).mistype},
		NoCollection:    {(*Keyring).runBus, (*Keyring).runEmpty},
		Stopped:         {(*Keyring).run, (*Keyring).store, (*Keyring).stop},
		BusGivesUp:      {(*Keyring).hurry, (*Keyring).run, (*Keyring).store, (*Keyring).stop},
		Killed:          {(*Keyring).run, (*Keyring).store, (*Keyring).kill},
		KilledInCall:    {(*Keyring).run, (*Keyring).store, (*Keyring).stop, (*Keyring).killInCall},
		BusKilledInCall: {(*Keyring).run, (*Keyring).store, (*Keyring).stop, (*Keyring).killBusInCall},
		NoProvider:      {provided(""), (*Keyring).runBus},
		ProviderFails:   {provided("exit 1"), (*Keyring).runBus},
		// The bus takes this one for a background daemon and waits for it.
		ProviderHangs:  {provided("exit 0"), (*Keyring).runBus},
		MuteSocket:     {(*Keyring).listen},
		StaleSocket:    {(*Keyring).leaveSocket},
		NoSocket:       {at("unix:path=/nonexistent/bus")},
		BadAddress:     {at("bus")},
		Disabled:       {at("disabled:")},
		NoBus:          {(*Keyring).noBus, (*Keyring).noLaunch},
		NoBusButLaunch: {(*Keyring).noBus},
	}
}

// Fail starts a session with the failure until the end of the test. It contains the item if the
// failure allows that one was stored before. Leftover processes, see [Keyring.Leftovers], are ended
// with it.
func Fail(t testing.TB, f Failure, item string) *Keyring {
	t.Helper()
	steps, found := failures()[f]
	if !found {
		t.Fatalf("there is no failure %q", f)
	}
	k := prepare(t)
	for _, do := range steps {
		do(k, t, item)
	}
	return k
}

func (k *Keyring) run(t testing.TB, item string) {
	t.Helper()
	k.runBus(t, item)
	k.must(t, "start the keyring daemon", k.startDaemon("--unlock", password))
}

func (k *Keyring) runBus(t testing.TB, _ string) {
	t.Helper()
	k.must(t, "start the bus", k.startBus())
}

// runEmpty starts the daemon as the bus does for a user without a login collection.
func (k *Keyring) runEmpty(t testing.TB, _ string) {
	t.Helper()
	k.must(t, "start the keyring daemon", k.startDaemon("--start", ""))
}

// mistype restarts the daemon with another password.
func (k *Keyring) mistype(t testing.TB, _ string) {
	t.Helper()
	k.Kill()
	k.must(t, "start the keyring daemon again", k.startDaemon("--unlock", "another"))
}

func (k *Keyring) lock(t testing.TB, _ string) { t.Helper(); k.Lock(t) }

func (k *Keyring) stop(t testing.TB, _ string) { t.Helper(); k.Stop(t) }

// hurry limits how long the bus lets a caller wait for an answer; a session bus has no limit of its
// own.
func (k *Keyring) hurry(testing.TB, string) {
	const milliseconds = 1000 // also limits answers that come in time
	k.limits = fmt.Sprintf("<limit name=\"reply_timeout\">%d</limit>", milliseconds)
}

func (k *Keyring) kill(testing.TB, string) { k.Kill() }

// provided replaces the daemon that the bus would start by a script, or by nothing.
func provided(script string) step {
	return func(k *Keyring, _ testing.TB, _ string) {
		delete(k.services, busName)
		if script != "" {
			k.services[busName] = []string{k.tools["sh"], "-c", `"` + script + `"`}
		}
	}
}

func at(address string) step {
	return func(k *Keyring, _ testing.TB, _ string) { k.address = address }
}

// noBus needs a user without a session bus, because programs search for it in fixed places.
func (k *Keyring) noBus(t testing.TB, _ string) {
	t.Helper()
	err := k.find("dbus-launch")
	for _, name := range []string{"bus", "dbus-session"} {
		path := fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)
		if _, statErr := os.Lstat(path); err == nil && !os.IsNotExist(statErr) {
			err = fmt.Errorf("this user has a session bus: %s", path)
		}
	}
	parts.Need(t, PartLaunch, err)
	k.address = ""
}

func (k *Keyring) noLaunch(t testing.TB, _ string) {
	t.Helper()
	k.path = filepath.Join(k.dir, "bin")
	k.must(t, "make an empty PATH", os.Mkdir(k.path, 0o700))
}

func (k *Keyring) must(t testing.TB, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}
