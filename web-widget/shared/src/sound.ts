/** A voice that was recorded in a browser does not say how long it is before its end was looked at. */
export function measure(audio: HTMLAudioElement): void {
  audio.onloadedmetadata = () => {
    if (audio.duration !== Infinity) return;
    audio.ontimeupdate = () => {
      audio.ontimeupdate = null;
      audio.currentTime = 0;
    };
    audio.currentTime = 1e7;
  };
}
