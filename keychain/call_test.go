package keychain

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// short is a deadline of the fake clock in synctest, which stands still while
// anything runs.
const short = time.Millisecond

// blockForever returns only when the test ends, like go-keyring in front of an unanswered prompt.
func blockForever(t *testing.T) func(context.Context) error {
	return func(context.Context) error {
		<-t.Context().Done()
		return nil
	}
}

func TestReadPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Store{Timeout: short, platform: &fakePlatform{onGet: blockForever(t)}}
		_, _, err := s.Get(t.Context(), testID)
		wantErr(t, err, helper.ErrTimeout)
		wantNotErr(t, err, helper.ErrNotFound, helper.ErrUnknown)
		_, err = s.Put(t.Context(), testID, []byte("x"), "")
		wantErr(t, err, helper.ErrTimeout)
		wantNotErr(t, err, helper.ErrUnknown)
	})
}

func TestWritePastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakePlatform{onSet: blockForever(t), onDelete: blockForever(t), item: []byte("x")}
		s := &Store{Timeout: short, platform: p}
		_, err := s.Put(t.Context(), testID, []byte("y"), helper.Digest([]byte("x")))
		wantErr(t, err, helper.ErrUnknown, helper.ErrTimeout)
		err = s.Delete(t.Context(), testID, helper.Digest([]byte("x")))
		wantErr(t, err, helper.ErrUnknown, helper.ErrTimeout)
	})
}

// TestAWriteTidiesUp checks that Put waits for the cleanup: the process may exit once Put has
// returned.
func TestAWriteTidiesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tidied := make(chan bool, 1)
		p := &fakePlatform{onGet: failWith(helper.ErrNotFound), onSet: func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(cleanupTime / 5)
			tidied <- true
			return ctx.Err()
		}}
		_, err := (&Store{Timeout: short, platform: p}).Put(t.Context(), testID, []byte("x"), "")
		wantErr(t, err, helper.ErrUnknown, helper.ErrTimeout)
		if len(tidied) == 0 {
			t.Error("it returned before that")
		}
	})
}

// TestTheCallersDeadline checks that the caller's deadline applies where Timeout is later.
func TestTheCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		s := &Store{Timeout: time.Hour, platform: &fakePlatform{onGet: blockForever(t)}}
		_, _, err := s.Get(ctx, testID)
		wantErr(t, err, context.DeadlineExceeded)
	})
}

func TestCancelledInAWrite(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &fakePlatform{onGet: failWith(helper.ErrNotFound)}
	p.onSet = func(context.Context) error {
		cancel()
		<-t.Context().Done()
		return nil
	}
	_, err := (&Store{platform: p}).Put(ctx, testID, []byte("x"), "")
	wantErr(t, err, helper.ErrUnknown, context.Canceled)
	wantNotErr(t, err, helper.ErrTimeout)
}

func TestCancelledBeforeAWrite(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := make(chan bool, 1)
	err := new(Store).write(ctx, func(context.Context) error { called <- true; return nil })
	wantErr(t, err, context.Canceled)
	wantNotErr(t, err, helper.ErrUnknown)
	if len(called) > 0 {
		t.Error("the keychain was called after the caller had gone")
	}
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := new(fakePlatform)
	s := &Store{platform: p}
	_, _, err := s.Get(ctx, testID)
	wantErr(t, err, context.Canceled)
	_, err = s.Put(ctx, testID, nil, "")
	wantErr(t, err, context.Canceled)
	wantErr(t, s.Delete(ctx, testID, "x"), context.Canceled)
	if calls := p.recorded(); len(calls) > 0 {
		t.Errorf("the keychain was called: %q", calls)
	}
}

// TestErrorAfterTheDeadline checks that an interrupted read does not look like a missing keychain:
// a caller would then choose another store.
func TestErrorAfterTheDeadline(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, gone := ended, ended
	for _, c := range []struct {
		what      string
		got, want error
	}{
		{"in time", callError(t.Context(), t.Context(), helper.ErrUnavailable), helper.ErrUnavailable},
		{"an answer, but late", callError(t.Context(), late, nil), nil},
		{"too late", callError(t.Context(), late, helper.ErrUnavailable), helper.ErrTimeout},
		{"the caller had gone", callError(gone, late, helper.ErrUnavailable), context.Canceled},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}
