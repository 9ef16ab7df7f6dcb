package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// rowsAtOnce is how many rows run at once. They wait for the disk, not for a processor, so more than t.Parallel runs:
// concurrent syncs share a commit of the file system.
const rowsAtOnce = 16

// TestFaultTable runs each row of the fault table: four times "get" at a real server, on real files. Every kind that
// can happen to a refresh has its rows.
func TestFaultTable(t *testing.T) {
	rows, had := strings.Split(strings.TrimSpace(faultTable()+frameRows()), "\n"), map[string]int{}
	var running sync.WaitGroup
	defer running.Wait()
	turns := make(chan struct{}, rowsAtOnce)
	for _, row := range rows {
		words := strings.Fields(row)
		fault, times, token := words[0], words[1], words[2]
		had[strings.SplitN(fault, "+", 2)[0]+" "+times+" "+token]++
		running.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(strings.Join(words[:3], " "), func(t *testing.T) {
				profiles(t, func(t *testing.T, profile string) {
					got := newFaultRun(t, profile, fault, times, token).row(t)
					if want := strings.Join(words, " "); got != want {
						t.Errorf("the row is\n%s\nwant\n%s", got, want)
					}
				})
			})
		})
	}
	env := newEnvironment(t, refresh.ProfileOpenAI)
	for _, kind := range authserver.Kinds() {
		if env.server.Fail(authserver.Fault{Kind: kind, Grant: authserver.GrantRefresh}) != nil {
			continue // it cannot happen to a refresh
		}
		all := []string{"once", "twice", "forever"}
		if slices.Contains(authserver.Frames(), kind) {
			all = all[:1]
		}
		for _, times := range all {
			for _, token := range []string{"valid", "expired"} {
				if had[kind+" "+times+" "+token] == 0 {
					t.Errorf("no row for %s %s %s", kind, times, token)
				}
			}
		}
	}
}

// A faultRun is the run of one row.
type faultRun struct {
	*environment
	helper *helper.Helper
	head   []string
	spent  map[string]bool // digests of refresh tokens whose successor is stored
}

// newFaultRun signs in on real files and configures the fault. The access token, with a lifetime of an hour, has three
// minutes left or has just expired.
func newFaultRun(t *testing.T, profile, fault, times, token string) *faultRun {
	t.Helper()
	env := newEnvironment(t, profile)
	root := filepath.Join(t.TempDir(), "codex-cred")
	env.rotation.Records = helper.Records{
		Accounts: accountdir.New(root, env.clock.Now), Stores: helper.Router{"memory": fallbackfile.New(root)},
	}
	env.rotation.Locker, env.rotation.Journals = filelock.New(root), journal.New(root)
	env.signIn(t, profile)
	kind, retryAfter, _ := strings.Cut(fault, "+")
	order := authserver.Fault{Kind: kind, Grant: authserver.GrantRefresh}
	order.Times = map[string]int{"once": 1, "twice": 2, "forever": authserver.Forever}[times]
	if retryAfter != "" {
		if _, err := fmt.Sscan(retryAfter, &order.RetryAfter); err != nil {
			t.Fatal(err)
		}
	}
	if kind == authserver.Delay {
		order.Delay = time.Millisecond
	}
	env.fail(t, order)
	env.clock.advance(map[string]time.Duration{"valid": life - 3*time.Minute, "expired": life}[token])
	return &faultRun{
		environment: env, head: []string{fault, times, token}, spent: map[string]bool{},
		helper: &helper.Helper{Records: env.rotation.Records, Refresher: inProcess{env.rotation}, Now: env.clock.Now},
	}
}

// inProcess is a Refresher without a worker.
type inProcess struct{ *refresh.Rotation }

func (inProcess) Begin(helper.Demand) {}

// row returns the row: what each get brought and what is stored after it. The second get comes at once, the third when
// the next refresh is due, the fourth when the server is healed and every token has expired.
func (r *faultRun) row(t *testing.T) string {
	t.Helper()
	parts := append(r.head, "|", r.get(t), "|", r.get(t), "|")
	r.clock.advance(max(r.read(t).Account.NotBefore.Sub(r.clock.Now()), 0))
	parts = append(parts, r.get(t), "|")
	r.server.Heal()
	due := r.read(t)
	for _, at := range []time.Time{due.Account.NotBefore, due.Credential.Expiry} {
		r.clock.advance(max(at.Sub(r.clock.Now()), 0))
	}
	healed := r.get(t)
	return strings.Join(append(parts, healed), " ")
}

// get runs "get" once and returns its exit code, the generation of the printed token, the exit code of its warning as
// an error, the number of requests at the token endpoint, and the stored state.
func (r *faultRun) get(t *testing.T) string {
	t.Helper()
	before, sent := r.read(t).Credential, r.refreshes()
	answer, err := r.helper.Get(timeoutContext(t), helper.Request{Account: "work"})
	r.wantNoSecrets(t, err)
	r.wantNoSecrets(t, answer.Warning)
	printed := "-"
	if err == nil || errors.Is(err, helper.ErrNotStored) {
		printed = fmt.Sprint("gen", answer.Credential.Generation)
		r.wantGood(t, answer.Credential, before)
	}
	requests := r.refreshes()[len(sent):]
	for _, e := range requests {
		if r.spent[e.Presented] {
			t.Error("a refresh token was presented after its successor was received")
		}
	}
	if after := r.read(t).Credential; !after.RefreshToken.Equal(before.RefreshToken) {
		r.spent[authserver.Digest(before.RefreshToken.Reveal())] = true
	}
	r.wantRequests(t, authserver.GrantElsewhere, 0)
	return fmt.Sprintf("%d %s %s %d %s", exitCode(err), printed, warned(answer.Warning), len(requests), r.state(t))
}

// wantGood checks that the access token was issued by the server and has not expired; with the old generation, that it
// is the stored one.
func (r *faultRun) wantGood(t *testing.T, c, before helper.Credential) {
	t.Helper()
	digest := authserver.Digest(c.AccessToken.Reveal())
	if !slices.ContainsFunc(r.server.Log(), func(e authserver.Entry) bool { return e.IssuedAccess == digest }) {
		t.Error("printed a token that the server did not issue")
	}
	if !c.Valid(r.clock.Now()) {
		t.Error("printed an expired token")
	}
	onlyRefresh := r.read(t).Account.Unanswered > 0 // it brought a refresh token and no access token
	if c.AccessToken.Equal(before.AccessToken) != (c.Generation == before.Generation || onlyRefresh) {
		t.Errorf("the token of generation %d is that of generation %d", c.Generation, before.Generation)
	}
}

func (r *faultRun) refreshes() (list []authserver.Entry) {
	for _, e := range r.server.Log() {
		if e.Grant == authserver.GrantRefresh {
			list = append(list, e)
		}
	}
	return list
}

// state returns the stored state: the generation, "refused" if a sign-in is required, the number of unanswered
// refreshes, when the next one is due, and "kept" if there is a journal.
func (r *faultRun) state(t *testing.T) string {
	t.Helper()
	rec := r.read(t)
	s := fmt.Sprint("g", rec.Credential.Generation)
	if rec.Account.Generation != rec.Credential.Generation {
		s += fmt.Sprint("/", rec.Account.Generation)
	}
	if rec.Credential.Refused != "" {
		s += ",refused"
	}
	if rec.Account.Unanswered > 0 {
		s += fmt.Sprint(",unanswered", rec.Account.Unanswered)
	}
	if pause := rec.Account.NotBefore.Sub(r.clock.Now()); pause > 0 {
		s += fmt.Sprint(",+", pause)
	}
	if _, err := r.rotation.Journals.Read(rec.Account.ID, nil); !errors.Is(err, helper.ErrNotFound) {
		s += ",kept"
	}
	return s
}

func warned(warning error) string {
	if warning == nil {
		return "-"
	}
	return fmt.Sprint("w", exitCode(warning))
}

// exitCode returns the documented exit code of an error.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	for _, o := range []struct {
		err  error
		code int
	}{
		{context.Canceled, 130},
		{helper.ErrRejected, 1},
		{helper.ErrInvalid, 2},
		{helper.ErrUnsafe, 6},
		{helper.ErrBusy, 7},
		{helper.ErrSignInRequired, 4},
		{helper.ErrTimeout, 5},
		{helper.ErrTemporary, 5},
		{context.DeadlineExceeded, 5},
		{helper.ErrLocked, 6},
		{helper.ErrFull, 6},
		{helper.ErrUnavailable, 6},
		{helper.ErrTooLarge, 1},
		{helper.ErrCorrupt, 1},
		{helper.ErrErasing, 3},
		{helper.ErrConflict, 1},
		{helper.ErrUnknown, 5},
		{helper.ErrNotFound, 3},
	} {
		if errors.Is(err, o.err) {
			return o.code
		}
	}
	return 1
}

// TestExitCode checks the order: an error can be of two kinds.
func TestExitCode(t *testing.T) {
	both := func(errs ...error) error { return errors.Join(errs...) }
	got := []int{
		exitCode(nil), exitCode(both(helper.ErrTemporary, helper.ErrSignInRequired)),
		exitCode(both(helper.ErrLocked, helper.ErrTemporary)),
		exitCode(both(helper.ErrTemporary, helper.ErrBusy)), exitCode(errors.New("another")),
	}
	if diff := cmp.Diff([]int{0, 4, 5, 7, 1}, got); diff != "" {
		t.Error(diff)
	}
}
