package testkeyring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	busName   = "org.freedesktop.secrets"
	loginPath = "/org/freedesktop/secrets/collection/login"
	// password is that of the login collection, which holds test items only.
	password = "private"
)

// busConfig is a session bus with our own activatable services only. The limits are those of D-Bus'
// own session.conf: the built-in ones are too low for thousands of concurrent callers.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%[1]s/run/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>%[1]s/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_incoming_unix_fds">250000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_outgoing_unix_fds">250000000</limit>
  <limit name="max_message_size">1000000000</limit>
  <limit name="service_start_timeout">120000</limit>
  <limit name="auth_timeout">240000</limit>
  <limit name="pending_fd_timeout">150000</limit>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_incomplete_connections">10000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_pending_service_starts">10000</limit>
  <limit name="max_names_per_connection">50000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
  %[2]s
</busconfig>
`

func (k *Keyring) startBus() error {
	config := filepath.Join(k.dir, "bus.conf")
	files := map[string]string{config: fmt.Sprintf(busConfig, k.dir, k.limits)}
	for name, command := range k.services {
		files[filepath.Join(k.dir, "services", name+".service")] = activatable(name, command)
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
		if k.uid == 0 {
			continue
		}
		if err := os.Lchown(path, k.uid, k.uid); err != nil {
			return err
		}
	}
	cmd := k.command(context.Background(), "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address=1")
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout = in
	k.bus, err = startProcess(cmd)
	if closeErr := in.Close(); err != nil || closeErr != nil {
		return errors.Join(err, closeErr)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read its address: %w", err)
	}
	k.address = strings.TrimSpace(line)
	return nil
}

const prompterName = "org.gnome.keyring.SystemPrompter"

func (k *Keyring) promptTrace() string { return filepath.Join(k.dir, "prompted") }

func activatable(name string, command []string) string {
	return "[D-BUS Service]\nName=" + name + "\nExec=" + strings.Join(command, " ") + "\n"
}

// startDaemon starts the daemon and returns when it is on the bus. With --unlock the daemon reads a
// password and creates or unlocks the login collection.
func (k *Keyring) startDaemon(mode, password string) error {
	cmd := k.command(context.Background(), "gnome-keyring-daemon", mode, "--foreground", "--components=secrets")
	cmd.Stdin = strings.NewReader(password)
	match := []dbus.MatchOption{
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName),
	}
	return k.startProvider(cmd, match, func(_ context.Context, _ *dbus.Conn, s *dbus.Signal) bool { return owned(s) })
}

// startProvider starts a provider of the Secret Service and returns after the signal that it is
// ready.
func (k *Keyring) startProvider(cmd *exec.Cmd, match []dbus.MatchOption, ready func(context.Context, *dbus.Conn, *dbus.Signal) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	conn, err := dbus.Connect(k.address, dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
		return err
	}
	if k.daemon, err = startProcess(cmd); err != nil {
		return err
	}
	for {
		select {
		case s := <-signals:
			if ready(ctx, conn, s) {
				return nil
			}
		case <-k.daemon.gone:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("wait for it on the bus: %w", ctx.Err())
		}
	}
}

// owned reports whether the signal gives the daemon's name an owner.
func owned(s *dbus.Signal) bool {
	var name, before, after string
	return s != nil && dbus.Store(s.Body, &name, &before, &after) == nil && name == busName && after != ""
}

// command returns a command whose environment has only the private directories.
func (k *Keyring) command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.tools[tool], args...) //nolint:gosec // a program of this package's own list
	home := filepath.Join(k.dir, "home")
	cmd.Env = append(k.Env(), "HOME="+home, "XDG_DATA_HOME="+filepath.Join(home, ".local", "share"), "LC_ALL=C")
	runAs(cmd, k.uid)
	return cmd
}
