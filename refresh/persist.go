package refresh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// maxPause limits the delay of the next refresh of an expired access token, whether the server asked for it or the
// back-off computed it.
const maxPause = 30 * time.Minute

// storeCredential stores the new credential, retries for a while if the store fails, and records the generation in the
// account's file. If the store keeps failing, it returns the credential and an error: the journal holds the credential
// for the next rotation, or, if the journal failed too, only this process has it.
func (r *Rotation) storeCredential(ctx context.Context, att *attempt, c helper.Credential) (helper.Record, error) {
	renewed := helper.Record{Account: att.rec.Account, Credential: c, Version: att.rec.Version}
	v, err := r.put(ctx, att, c)
	for pause := 100 * time.Millisecond; err != nil && !errors.Is(err, errMoved) && !att.callerNeedNotWait(err) &&
		pause < 3*time.Second; pause *= 3 {
		r.pause(ctx, pause)
		v, err = r.put(ctx, att, c)
	}
	switch {
	case errors.Is(err, errMoved):
		return helper.Record{}, r.discard(ctx, att, c)
	case err != nil:
		return renewed, r.recordNotStored(att, c, err)
	}
	renewed.Version = v
	if err := r.removeUnreadable(att); err != nil {
		return renewed, err
	}
	renewed, err = r.recordGeneration(att, renewed)
	return renewed, joinErrors(err, r.emptyJournal(att))
}

// callerNeedNotWait reports whether the store is not retried while the caller waits: the answer is in the journal and
// the store timed out, so each retry would take as long, or the answer was read from the journal and the next rotation
// retries.
func (att *attempt) callerNeedNotWait(err error) bool {
	return att.journal == nil || att.kept && errors.Is(err, helper.ErrTimeout)
}

// put writes the credential and reads it back, if the account still has this sign-in; otherwise it returns errMoved.
func (r *Rotation) put(ctx context.Context, att *attempt, c helper.Credential) (helper.Version, error) {
	if err := r.checkSignIn(att.rec.Account); err != nil {
		return "", err
	}
	v, err := r.write(ctx, att.rec, c)
	if err == nil {
		return v, nil
	}
	// A failed write may have happened, in this try or an earlier one.
	found, readErr := r.Records.Read(ctx, att.rec.Account.Name)
	if readErr == nil && found.Credential.Generation == c.Generation && found.Credential.AccessToken.Equal(c.AccessToken) {
		return found.Version, nil
	}
	// A missing or different item does not prove that the account has lost the sign-in.
	if moved := r.checkSignIn(att.rec.Account); errors.Is(moved, errMoved) {
		return "", moved
	}
	return "", err
}

// write writes the credential and reads it back, in two steps.
func (r *Rotation) write(ctx context.Context, rec helper.Record, c helper.Credential) (helper.Version, error) {
	if err := r.at("put-before"); err != nil {
		return "", err
	}
	item, v, err := r.Records.Put(ctx, rec.Account, c, rec.Version)
	if err == nil {
		err = r.at("put-after")
	}
	if err == nil {
		err = r.Records.Verify(ctx, rec.Account, item)
	}
	if err == nil {
		err = r.at("readback")
	}
	return v, err
}

// isSameSignIn reports whether found still has a's sign-in.
func isSameSignIn(found, a helper.Account) bool { return found.ID == a.ID && !found.Erasing }

// recordGeneration records in the account's file that the generation is stored.
func (r *Rotation) recordGeneration(att *attempt, renewed helper.Record) (helper.Record, error) {
	if err := r.at("account"); err != nil {
		return renewed, err
	}
	a, err := r.updateAccount(renewed.Account, func(a *helper.Account) {
		a.Generation = max(a.Generation, renewed.Credential.Generation)
		a.NotBefore, a.Unanswered = time.Time{}, 0
		if att.reason == helper.ReasonRejected {
			a.Rejections, a.RejectedAt = att.rec.Rejections(r.Now())+1, r.Now()
		}
	})
	if err != nil {
		return renewed, fmt.Errorf("note the refresh in the account's file: %w", err)
	}
	renewed.Account = a
	return renewed, nil
}

// updateAccount changes the account's file if the account still has this sign-in.
func (r *Rotation) updateAccount(a helper.Account, change func(*helper.Account)) (helper.Account, error) {
	changed, err := r.Records.Accounts.Update(a.Name, func(found *helper.Account) error {
		if !isSameSignIn(*found, a) {
			return errOtherSignIn
		}
		change(found)
		return nil
	})
	if errors.Is(err, errOtherSignIn) {
		if err = r.checkSignIn(a); err == nil {
			err = missingError() // it has reappeared since
		}
	}
	return changed, err
}

// errOtherSignIn: the account's file is missing, or names another sign-in.
var errOtherSignIn = errors.New("the account's file does not name the sign-in")

// discard revokes new tokens of a sign-in that the account has lost, after it has deleted them from the journal:
// revoked tokens must not be adopted. If the account has another sign-in it returns errMoved, and the caller continues
// with that one.
func (r *Rotation) discard(ctx context.Context, att *attempt, c helper.Credential) error {
	a, err := att.rec.Account, r.clearJournal(att)
	if err == nil {
		err = r.Client.Revoke(ctx, c.Issuer, c.RefreshToken, "refresh_token")
	}
	if err != nil {
		return fmt.Errorf("the account was erased or signed in again during a refresh, and the token it brought is not "+
			"stored but may still be valid: %w: %w", err, helper.ErrConflict)
	}
	if found, err := r.Records.Accounts.Load(a.Name); err == nil && !found.Erasing && found.ID != a.ID {
		return movedError()
	}
	return fmt.Errorf("the account was erased or signed in again during a refresh, and the token it brought was "+
		"revoked: %w", helper.ErrConflict)
}

// clearJournal empties the attempt's journal, wherever its file is.
func (r *Rotation) clearJournal(att *attempt) error {
	err := r.at("empty")
	if err == nil {
		err = r.removeUnreadable(att)
	}
	if err != nil {
		return err
	}
	if att.journal != nil {
		if err := att.journal.Empty(); err != nil {
			return err
		}
		return r.removeJournal(att)
	}
	err = r.Journals.Remove(att.rec.Account.ID)
	if errors.Is(err, helper.ErrNotFound) && (!att.kept || att.unreadable) {
		return nil
	}
	return err
}

// recordNotStored raises the account's generation, so that the stored credential, whose refresh token is spent, counts
// as stale and is not presented again.
func (r *Rotation) recordNotStored(att *attempt, c helper.Credential, cause error) error {
	_, err := r.updateAccount(att.rec.Account, func(a *helper.Account) {
		a.Generation = max(a.Generation, c.Generation)
	})
	if errors.Is(err, errMissing) && errors.Is(cause, errMissing) {
		err = nil // the same error as cause
	}
	if att.kept {
		return fmt.Errorf("the new credential could not be stored yet, and %w: %w", errInJournal, joinErrors(cause, err))
	}
	cause = fmt.Errorf("the new credential is %w and this sign-in will be lost when the access token expires at %s, "+
		"unless the store takes it in the next minute or two; mend the store, or sign in again: %w", helper.ErrNotStored,
		formatTime(c.Expiry), cause)
	return joinErrors(cause, err)
}

// errInJournal: the journal holds a credential for the next rotation.
var errInJournal = errors.New("waits in the journal")

// recordRefusal records in the stored credential that a new sign-in is required, unless the credential was replaced in
// the meantime: then it returns the new one. It never deletes the record.
func (r *Rotation) recordRefusal(ctx context.Context, rec helper.Record, reason string) (helper.Record, error) {
	found, err := r.Records.Read(ctx, rec.Account.Name)
	if errors.Is(err, helper.ErrErasing) {
		return helper.Record{}, fmt.Errorf("%s: %w: %w", reason, helper.ErrSignInRequired, err)
	}
	if err != nil {
		return helper.Record{}, fmt.Errorf("%s: %w; %w: %w", reason, helper.ErrSignInRequired, errNotRecorded, err)
	}
	if found.Account.ID != rec.Account.ID || found.Version != rec.Version {
		return found, nil
	}
	found.Credential.Refused = reason
	if _, err := r.Records.Write(ctx, found.Account, found.Credential, found.Version); err != nil {
		return helper.Record{}, fmt.Errorf("%s: %w; %w: %w", reason, helper.ErrSignInRequired, errNotRecorded, err)
	}
	return helper.Record{}, fmt.Errorf("%s: %w", reason, helper.ErrSignInRequired)
}

// postpone records the time before which the server asked not to be contacted.
func (r *Rotation) postpone(rec helper.Record, a answer) error {
	until := r.Now().Add(retryAfter(a.retryAfter, r.Now()))
	_, err := r.updateAccount(rec.Account, func(a *helper.Account) { a.NotBefore = until })
	if err != nil {
		err = fmt.Errorf("%w: %w", errNotRecorded, err)
	}
	err = joinErrors(helper.ErrTemporary, err)
	return fmt.Errorf("refresh: %w; the next is due after %s: %w", endpointError(a), formatTime(until), err)
}

// postponeUnreachable records that the next refresh is due after UnreachablePause.
func (r *Rotation) postponeUnreachable(rec helper.Record, cause error) error {
	if r.UnreachablePause == 0 {
		return fmt.Errorf("refresh: %w: %w", cause, helper.ErrTemporary)
	}
	until := r.Now().Add(r.UnreachablePause)
	if rec.Credential.Valid(r.Now()) && rec.Credential.Expiry.Before(until) {
		until = rec.Credential.Expiry // from then on callers wait for it
	}
	_, err := r.updateAccount(rec.Account, func(a *helper.Account) { a.NotBefore = until })
	return fmt.Errorf("refresh: %w: %w", cause, joinErrors(helper.ErrTemporary, err))
}

// retryAfter parses the Retry-After header (RFC 9110 section 10.2.3): seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	pause := time.Minute
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		pause = date.Sub(now)
	}
	return min(max(pause, time.Second), maxPause)
}

// errNotRecorded: the account's file does not say that the refresh token may be spent.
var errNotRecorded = errors.New("this could not be noted")

// recordUnanswered records that the refresh token may be spent. It is not presented again while the access token is
// valid, and after that only with increasing pauses. It returns the account as recorded, and always an error.
func (r *Rotation) recordUnanswered(att *attempt, cause error) (helper.Account, error) {
	a, err := att.rec.Account, error(nil)
	if att.journal != nil || !att.isCounted(r.Now()) {
		a, err = r.incrementUnanswered(att.rec)
	}
	if err != nil {
		return a, fmt.Errorf("refresh: %w; it is not known whether it happened; %w: %w: %w", cause, errNotRecorded, err,
			helper.ErrTemporary)
	}
	return a, fmt.Errorf("refresh: %w; it is not known whether it happened, the next is due after %s: %w", cause,
		formatTime(a.NotBefore), helper.ErrTemporary)
}

func (r *Rotation) incrementUnanswered(rec helper.Record) (helper.Account, error) {
	unanswered := rec.Account.Unanswered + 1
	until := r.Now().Add(backOff(unanswered))
	if nearEnd := rec.Credential.Expiry.Add(-rec.Credential.MinTTL()); nearEnd.After(until) {
		until = nearEnd
	}
	a, err := r.updateAccount(rec.Account, func(a *helper.Account) { a.Unanswered, a.NotBefore = unanswered, until })
	if err != nil {
		return rec.Account, err
	}
	return a, nil
}

// isCounted reports whether the account's file already counts this attempt as unanswered, although the journal could
// not be emptied: then the pause began after the journal's mark was written.
func (att *attempt) isCounted(now time.Time) bool {
	a, marked := att.rec.Account, att.mark.Time
	return a.Unanswered > 0 && !marked.IsZero() && isPlausible(att.rec, now) &&
		!a.NotBefore.Before(marked.Add(backOff(a.Unanswered)))
}

// backOff returns 1, 2, 4 ... 30 minutes for the first, second, third ... unanswered refresh.
func backOff(unanswered int) time.Duration {
	doublings := min(max(unanswered-1, 0), 5)
	return min(time.Minute<<doublings, maxPause)
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
