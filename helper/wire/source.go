package wire

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
)

// A Source decides which host gets which token. Its methods may be called
// concurrently.
type Source interface {
	// Token returns a token for the host, without headers. [ErrUnconfigured]: nobody
	// said that the host may have one. Other errors say why there is none although
	// somebody did.
	Token(ctx context.Context, host Host) (Token, error)
	// Rejected is told that the host refused the token. What is not the token
	// that the host would get is ignored.
	Rejected(ctx context.Context, host Host, token helper.Secret) error
	// Hosts returns every host that may have a token, in order.
	Hosts(ctx context.Context) ([]Host, error)
}

var (
	// ErrUnconfigured says that no token may go to the host. It is no failure:
	// the caller has other ways to find a credential.
	ErrUnconfigured = errors.New("no account is configured for the host")
	// ErrMalformed says that a request breaks the rules of its protocol. Such an
	// error quotes nothing of the request, which may hold secrets.
	ErrMalformed = errors.New("malformed request")
)

// MaxRequest is the length of the longest request in bytes.
const MaxRequest = 1 << 20
