/** Two short tones. Made, not downloaded: the page's policy need not let any sound in. */
let context: AudioContext | undefined;

export const make = () => (): void => {
  try {
    context ??= new AudioContext();
    [660, 880].forEach((pitch, at) => {
      if (!context) return;
      const tone = context.createOscillator();
      const loud = context.createGain();
      const from = context.currentTime + at * 0.12;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.08, from);
      loud.gain.exponentialRampToValueAtTime(0.001, from + 0.2);
      tone.connect(loud).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.2);
    });
  } catch {
    return; // No sound here; the badge tells of the message.
  }
};
