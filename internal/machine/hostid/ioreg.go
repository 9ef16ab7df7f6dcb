package hostid

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// ioreg is the program with which macOS reports its hardware.
type ioreg struct{ path string }

// ioregLimit is far more than the program needs.
const ioregLimit = 10 * time.Second

func (i ioreg) read() (machineID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ioregLimit)
	defer cancel()
	//nolint:gosec // a constant outside tests
	cmd := exec.CommandContext(ctx, i.path, "-rd1", "-c", "IOPlatformExpertDevice")
	cmd.Env = []string{}
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	return parseIOReg(string(out)), nil
}

func parseIOReg(out string) machineID {
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) == `"IOPlatformUUID"` {
			return parse(strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return nil
}
