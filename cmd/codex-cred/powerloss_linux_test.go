package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// A powerRun is the trace of a rotation, and what is known about the rotation.
type powerRun struct {
	t      *testing.T
	root   string // of the original
	before *powerDisk
	events []diskEvent
	// sent is the index of the event that sent the refresh token. kept is that of the event that
	// synced the answer in the journal.
	sent, kept int
	id         helper.ID
	newest     helper.Secret
	judged     map[string]error // by state
}

// TestPowerLoss_Rotation simulates a loss of power after each system call of a worker, with every
// loss of unsynced file data and folder entries. The account's file and the credential are always
// readable. Once the request was sent, the journal says so. Once the answer is kept, the new
// credential is in the store or in the journal.
func TestPowerLoss_Rotation(t *testing.T) {
	t.Parallel()
	r := newPowerRun(t)
	if problems, states := r.replay(r.events); len(problems) > 0 || states < 15 {
		t.Errorf("%d states: %s", states, strings.Join(problems, "\n"))
	} else {
		t.Logf("%d calls, %d states", len(r.events), states)
	}
}

// TestPowerLoss_EverySync omits each sync of the rotation in turn, and checks that the model then
// finds a loss.
func TestPowerLoss_EverySync(t *testing.T) {
	t.Parallel()
	r := newPowerRun(t)
	needed := map[string]int{}
	for i, e := range r.events {
		if e.call != "fsync" && e.call != "fdatasync" {
			continue
		}
		without := slices.Clone(r.events)
		without[i] = diskEvent{call: "nothing"}
		problems, _ := r.replay(without)
		place, _ := filepath.Rel(r.root, e.path)
		t.Logf("without %s of %s: %d problems", e.call, place, len(problems))
		if len(problems) > 0 {
			needed[kindOfPlace(place)]++
		}
	}
	for _, place := range []string{
		"a file of accounts", "a file of credentials", "credentials", "a file of journal", "journal",
	} {
		if needed[place] == 0 {
			t.Errorf("no sync of %s is missed: %v", place, needed)
		}
	}
}

// kindOfPlace names a folder, or a file in one.
func kindOfPlace(place string) string {
	if folder, _, ok := strings.Cut(place, "/"); ok {
		return "a file of " + folder
	}
	return place
}

// newPowerRun refreshes under strace.
func newPowerRun(t *testing.T) *powerRun {
	t.Helper()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	s := newScene(t, home.StoreFile, nil, false)
	s.pass(2 * time.Hour)
	r := &powerRun{t: t, root: s.root, id: s.account().ID, before: newPowerDisk(t, s.root), judged: map[string]error{}}
	log := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "-y", "-xx", "-qq", "-s", "200000", "-o", log,
		"-e", "signal=none", "-e", "trace="+diskCalls,
		"codex-cred", worker.Command, "work", "1", string(helper.ReasonExpiry), worker.Foreground)
	cmd.Env = s.env
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("a worker below strace: %v\n%s", err, out)
	}
	trace, err := os.ReadFile(log)
	must(t, err)
	r.events = diskEvents(t, string(trace))
	r.newest = s.credential(r.id).RefreshToken
	r.sent = slices.IndexFunc(r.events, func(e diskEvent) bool {
		return strings.HasPrefix(e.path, "socket:") && bytes.Contains(e.data, []byte("refresh_token"))
	})
	for i := r.sent + 1; i < len(r.events) && r.kept == 0; i++ {
		if e := r.events[i]; e.call == "fdatasync" && strings.Contains(e.path, "/journal/") {
			r.kept = i
		}
	}
	if r.sent < 0 || r.kept == 0 {
		t.Fatalf("the trace shows no request or no answer: %d, %d of %d", r.sent, r.kept, len(r.events))
	}
	return r
}

// replay returns the problems after a loss of power, and the number of states that it checked.
func (r *powerRun) replay(events []diskEvent) (problems []string, states int) {
	r.t.Helper()
	disk := r.before.clone()
	seen := map[string]bool{}
	for i, e := range events {
		disk.apply(e)
		disk.losses(func(tree map[string][]byte) {
			state := r.stateOf(i, tree)
			if seen[state] {
				return
			}
			seen[state] = true
			problem, known := r.judged[state]
			if !known {
				problem = r.judge(i, tree)
				r.judged[state] = problem
			}
			if problem != nil {
				problems = append(problems, fmt.Sprintf("after call %d, %s %s: %v", i, e.call, filepath.Base(e.path), problem))
			}
		})
	}
	return problems, len(seen)
}

// stateOf returns a key of everything that the result of judge depends on.
func (r *powerRun) stateOf(call int, tree map[string][]byte) string {
	state := fmt.Sprint(call >= r.sent, call >= r.kept)
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		state += fmt.Sprintf(" %s %x", path, sha256.Sum256(tree[path]))
	}
	return state
}

// judge checks what a loss of power after that call has left.
func (r *powerRun) judge(call int, tree map[string][]byte) error {
	root := filepath.Join(r.t.TempDir(), "root")
	for path, content := range tree {
		place, err := filepath.Rel(r.root, path)
		must(r.t, err)
		path = filepath.Join(root, place)
		must(r.t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(r.t, os.WriteFile(path, content, 0o600))
	}
	defer func() { must(r.t, os.RemoveAll(root)) }()
	if _, err := accountdir.New(root, time.Now).Load("work"); err != nil {
		return err
	}
	item, _, err := fallbackfile.New(root).Get(r.t.Context(), string(r.id))
	if err != nil {
		return err
	}
	c, err := helper.Decode(item)
	if err != nil || c.RefreshToken.Equal(r.newest) {
		return err
	}
	key, _, err := fallbackfile.New(root).Get(r.t.Context(), r.id.Journal())
	if err != nil && call >= r.sent {
		return fmt.Errorf("the request has left, and the key of its answer is gone: %w", err)
	}
	e, err := journal.New(root).Read(r.id, key)
	switch {
	case call < r.sent:
		return nil
	case err != nil:
		return fmt.Errorf("the request has left, and the journal does not say so: %w", err)
	case e.State != journal.StateSending:
		return fmt.Errorf("the request has left, and the journal says %s", e.State)
	case call >= r.kept && !bytes.Contains(e.Answer, []byte(`"raw":`)):
		return errors.New("the answer was kept, and is neither in the store nor in the journal")
	}
	return nil
}

// clone copies the disk. Files that folders share stay shared.
func (d *powerDisk) clone() *powerDisk {
	copies := map[*powerFile]*powerFile{}
	of := func(f *powerFile) *powerFile {
		if copies[f] == nil {
			c := *f
			copies[f] = &c
		}
		return copies[f]
	}
	n := &powerDisk{map[string]*powerFile{}, map[string]map[string]*powerFile{}, map[string][]nameChange{}}
	for path, f := range d.files {
		n.files[path] = of(f)
	}
	for folder, names := range d.names {
		for name, f := range names {
			n.certain(folder)[name] = of(f)
		}
	}
	return n
}
