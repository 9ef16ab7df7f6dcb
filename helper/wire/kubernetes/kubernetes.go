// Package kubernetes implements the protocol of client-go's credential plugins
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// InfoVariable is the environment variable that contains the request.
const InfoVariable = "KUBERNETES_EXEC_INFO"

const (
	kind  = "ExecCredential"
	group = "client.authentication.k8s.io/"
	v1    = group + "v1"
)

// Version returns the version of the protocol in the request, the value of [InfoVariable]: the answer must have the
// same. Without a request it is the newest.
func Version(info string) (string, error) {
	if info == "" {
		return v1, nil
	}
	r, err := decode(info)
	switch {
	case err != nil:
		return "", err
	case !slices.Contains([]string{v1, group + "v1beta1"}, r.APIVersion):
		return "",
			fmt.Errorf("%w: %s asks for a version that is neither v1 nor v1beta1 of %s", wire.ErrMalformed, InfoVariable, group)
	}
	return r.APIVersion, nil
}

// Server returns the cluster's host, which the request contains if the caller's configuration sets provideClusterInfo.
// A cluster that cannot get a token is [helper.ErrInvalid].
func Server(info string) (host wire.Host, named bool, err error) {
	if info == "" {
		return wire.Host{}, false, nil
	}
	r, err := decode(info)
	if err != nil || r.Spec.Cluster == nil {
		return wire.Host{}, false, err
	}
	host, err = wire.ParseHost(r.Spec.Cluster.Server)
	return host, err == nil, err
}

// A request is the part of an ExecCredential that is used.
type request struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Cluster *struct {
			Server string `json:"server"`
		} `json:"cluster"`
	} `json:"spec"`
}

func decode(info string) (request, error) {
	var r request
	if err := json.Unmarshal([]byte(info), &r); len(info) > wire.MaxRequest || err != nil || r.Kind != kind {
		return request{}, fmt.Errorf("%w: %s holds no %s", wire.ErrMalformed, InfoVariable, kind)
	}
	return r, nil
}

// An answer is an ExecCredential of either version.
type answer struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Status     status `json:"status"`
}

type status struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expirationTimestamp"`
}

// Encode writes the token in the given version of the protocol.
func Encode(out io.Writer, version string, t wire.Token) error {
	text, err := json.Marshal(answer{version, kind, status{t.Access.Reveal(), t.Expiry.UTC().Truncate(time.Second)}})
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
