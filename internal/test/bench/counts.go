//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Counts are what a program uses apart from time. Zero means not measured.
type counts struct {
	PeakKiB     int `json:"peak_kib,omitempty"`
	SystemCalls int `json:"system_calls,omitempty"`
	BusCalls    int `json:"bus_calls,omitempty"`    // calls of methods
	BusMessages int `json:"bus_messages,omitempty"` // calls and their answers
}

// count measures a program that has been checked. Runs differ by thread scheduling, so it returns
// the medians.
func (l *lab) count(ctx context.Context, p program) (counts, error) {
	const runs = 5
	var peaks, calls []float64
	for range runs {
		peak, err := l.peak(ctx, p)
		if err != nil {
			return counts{}, err
		}
		peaks = append(peaks, float64(peak))
		if _, err := exec.LookPath("strace"); err != nil {
			continue
		}
		byName, err := l.systemCalls(ctx, p)
		if err != nil {
			return counts{}, err
		}
		total := 0
		for _, n := range byName {
			total += n
		}
		calls = append(calls, float64(total))
	}
	c := counts{PeakKiB: int(spreadOf(peaks).Median), SystemCalls: int(spreadOf(calls).Median)}
	if l.keyring == nil {
		return c, nil
	}
	members, answers, err := l.busCalls(ctx, p)
	c.BusCalls, c.BusMessages = len(members), len(members)+answers
	return c, err
}

// peak returns the peak memory of the program in KiB.
func (l *lab) peak(ctx context.Context, p program) (int, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer func() { _ = out.Close() }()
	err = l.run(ctx, p, in, l.bin("peak"))
	if closeErr := in.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return 0, err
	}
	var number [32]byte
	n, err := out.Read(number[:])
	if err != nil {
		return 0, err
	}
	peak, err := strconv.Atoi(string(number[:n]))
	if runtime.GOOS == "darwin" {
		peak /= 1024 // getrusage(2) has bytes there
	}
	return peak, err
}

// run runs the program under another one, with the file as descriptor 3.
func (l *lab) run(ctx context.Context, p program, third *os.File, below ...string) error {
	args := append(below[:len(below):len(below)], p.args...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // programs of this package's own list
	cmd.Env = p.env
	in, err := os.Open(p.stdin)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	cmd.Stdin = in
	if third != nil {
		cmd.ExtraFiles = []*os.File{third}
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s, run as %q: %w", p.name, args[0], err)
	}
	return nil
}

// systemCalls returns the number of each system call of the program and its children.
func (l *lab) systemCalls(ctx context.Context, p program) (map[string]int, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, err
	}
	log, err := l.file("strace", "")
	if err != nil {
		return nil, err
	}
	if err := l.run(ctx, p, nil, strace, "-f", "-c", "-U", "calls,name", "-o", log); err != nil {
		return nil, err
	}
	table, err := os.ReadFile(log) //nolint:gosec // of the lab
	if err != nil {
		return nil, err
	}
	return callTable(string(table))
}

// callTable reads the table of strace -c -U calls,name.
func callTable(table string) (map[string]int, error) {
	byName := map[string]int{}
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[1] == "total" {
			continue
		}
		if n, err := strconv.Atoi(fields[0]); err == nil {
			byName[fields[1]] = n
		}
	}
	if len(byName) == 0 {
		return nil, fmt.Errorf("strace counted nothing: %q", table)
	}
	return byName, nil
}

// busCalls returns the methods that the program calls on the bus, in order, and the number of
// answers. It needs the keychain.
func (l *lab) busCalls(ctx context.Context, p program) (members []string, answers int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	marker, messages, closeBoth, err := l.listen(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer closeBoth()
	own := marker.Names()[0]
	if err := l.run(ctx, p, nil); err != nil {
		return nil, 0, err
	}
	// The bus handles its messages in order: what comes before this one is the program's.
	if err := marker.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetId", 0).Err; err != nil {
		return nil, 0, err
	}
	for {
		select {
		case m, open := <-messages:
			if !open {
				return nil, 0, errors.New("listen on the bus: it ended")
			}
			if sender, _ := m.Headers[dbus.FieldSender].Value().(string); sender == own {
				return members, answers, nil
			}
			switch m.Type {
			case dbus.TypeMethodCall:
				member, _ := m.Headers[dbus.FieldMember].Value().(string)
				members = append(members, member)
			case dbus.TypeMethodReply, dbus.TypeError:
				answers++
			}
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("listen on the bus: %w", ctx.Err())
		}
	}
}

// listen returns a connection to the bus and all messages on it from now on, except those of the
// two connections.
func (l *lab) listen(ctx context.Context) (marker *dbus.Conn, messages chan *dbus.Message, closeBoth func(), err error) {
	address, _ := strings.CutPrefix(l.keyring.Env()[0], "DBUS_SESSION_BUS_ADDRESS=")
	marker, err = dbus.Connect(address)
	if err != nil {
		return nil, nil, nil, err
	}
	monitor, err := dbus.Connect(address)
	if err != nil {
		_ = marker.Close()
		return nil, nil, nil, err
	}
	closeBoth = func() {
		monitor.Eavesdrop(nil) // Close would close the channel, and godbus may still send
		_, _ = monitor.Close(), marker.Close()
	}
	err = monitor.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, []string{}, uint32(0)).Err
	if err != nil {
		closeBoth()
		return nil, nil, nil, err
	}
	const most = 1000 // godbus drops messages of a full channel
	messages = make(chan *dbus.Message, most)
	monitor.Eavesdrop(messages)
	return marker, messages, closeBoth, nil
}
