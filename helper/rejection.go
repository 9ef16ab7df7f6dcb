package helper

import (
	"fmt"
	"time"
)

const (
	// minRejectionWait is how old an access token must be at the least, unless a
	// tenth of its life is less, before a caller's word that it was refused
	// leads to a refresh. A server that refuses every token would else have us
	// refresh without end.
	minRejectionWait = 10 * time.Minute
	// maxRejectionWait is the most that this doubles to while rejections repeat.
	maxRejectionWait = 24 * time.Hour
	// rejectionMemory is after how long without a rejection it starts anew. It
	// is more than the longest of the waits between them.
	rejectionMemory = 2 * maxRejectionWait
)

// rejectionDue returns from when on a caller's word that the access token was
// refused leads to a refresh.
func (r Record) rejectionDue(now time.Time) time.Time {
	wait := min(minRejectionWait, r.Credential.life()/lifeShare)
	for range r.Rejections(now) {
		wait = min(2*wait, maxRejectionWait)
	}
	// A clock that went back knows no age; the refresh sets both right.
	if r.Credential.Early(now) {
		return now
	}
	return r.Credential.ObtainedAt.Add(wait)
}

// Rejections returns how many refreshes in a row were made because of
// rejections, as far as they still count at now.
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
	return fmt.Errorf("the access token that was refused is the newest, %s old; if it is refused again after %s it will be refreshed: %w", age, due, ErrTemporary)
}
