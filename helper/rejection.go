package helper

import (
	"fmt"
	"time"
)

const (
	// minRejectionWait is the minimum age of an access token, unless a tenth of its lifetime is less, before a caller's
	// report that it was refused leads to a refresh. Otherwise a server that refuses every token would cause endless
	// refreshes.
	minRejectionWait = 10 * time.Minute
	// maxRejectionWait is the longest wait, which doubles with each rejection.
	maxRejectionWait = 24 * time.Hour
	// rejectionMemory is the time without a rejection after which the wait starts at its minimum again. It is more than
	// the longest wait.
	rejectionMemory = 2 * maxRejectionWait
)

// rejectionDue returns the time from which a caller's report that the access token was refused leads to a refresh.
func (r Record) rejectionDue(now time.Time) time.Time {
	wait := min(minRejectionWait, r.Credential.life()/lifeShare)
	for range r.Rejections(now) {
		wait = min(2*wait, maxRejectionWait)
	}
	// If the clock went back, the age is not known; a refresh sets both right.
	if r.Credential.Early(now) {
		return now
	}
	return r.Credential.ObtainedAt.Add(wait)
}

// Rejections returns the number of refreshes in a row because of rejections, as far as they still count at now.
func (r Record) Rejections(now time.Time) int {
	if now.Sub(r.Account.RejectedAt) > rejectionMemory {
		return 0
	}
	const enough = 32 // doublings from any wait to the longest
	return min(r.Account.Rejections, enough)
}

func (r Record) rejectedTooSoon(now time.Time) error {
	if err := r.Refreshable(); err != nil {
		return err
	}
	age := now.Sub(r.Credential.ObtainedAt).Round(time.Second)
	due := r.rejectionDue(now).UTC().Format(time.RFC3339)
	return fmt.Errorf("the access token that was refused is the newest, %s old; if it is refused again after %s it "+
		"will be refreshed: %w", age, due, ErrTemporary)
}
