//! Dimensions and thumbnails, with pixels and memory bounded. What can't be decoded within the bounds is a file without
//! thumbnail, never an error.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

/// Larger pictures are kept without thumbnail.
pub(super) const SOURCE_LIMIT: u64 = 32 * 1024 * 1024;
/// The longer side of a thumbnail.
const THUMBNAIL_SIDE: u32 = 480;
/// A small file can unfold into gigabytes: more pixels than this are not decoded.
const PIXEL_LIMIT: u64 = 52_000_000;
/// What a decoder may take.
pub(super) const MEMORY_LIMIT: u64 = 160 * 1024 * 1024;
/// How long a picture may wait for its turn, and then be worked on.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(15);

/// What is seen of a picture.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Width and height as it is seen.
    pub(super) dimensions: Option<(u32, u32)>,
    /// A JPEG.
    pub(super) thumbnail: Option<Vec<u8>>,
}

/// The decoder for a media type.
pub(super) fn format(media_type: &str) -> Option<ImageFormat> {
    match media_type {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Looks at a picture. Takes long and much memory: called on a blocking thread, a few at once.
pub(super) fn look(content: &[u8], media_type: &str) -> Look {
    let Some(format) = format(media_type) else { return Look::default() };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY_LIMIT);
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits);
    let Ok(mut decoder) = reader.into_decoder() else { return Look::default() };
    let (width, height) = decoder.dimensions();
    // A broken EXIF is no reason to hide the picture: it is shown as it lies.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let dimensions = Some(if turns(orientation) { (height, width) } else { (width, height) });
    if u64::from(width).saturating_mul(u64::from(height)) > PIXEL_LIMIT || decoder.total_bytes() > MEMORY_LIMIT {
        return Look { dimensions, thumbnail: None };
    }
    let Ok(picture) = DynamicImage::from_decoder(decoder) else { return Look { dimensions, thumbnail: None } };
    Look { dimensions, thumbnail: thumbnail(&picture, orientation) }
}

fn turns(orientation: Orientation) -> bool {
    matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH)
}

/// Made small before it is turned: turning the whole picture would take its memory twice.
fn thumbnail(picture: &DynamicImage, orientation: Orientation) -> Option<Vec<u8>> {
    let mut small =
        if picture.width().max(picture.height()) > THUMBNAIL_SIDE { picture.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE) } else { picture.clone() };
    small.apply_orientation(orientation);
    let mut jpeg = Vec::new();
    on_white(&small).write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 80)).ok()?;
    Some(jpeg)
}

/// JPEG knows no transparency; what is transparent is seen on white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (from, to) in picture.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        let mixed = |colour: u8| {
            let sum = u16::from(colour).saturating_mul(u16::from(alpha)).saturating_add(255_u16.saturating_mul(255 - u16::from(alpha)));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        *to = Rgb([mixed(red), mixed(green), mixed(blue)]);
    }
    flat
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(width, height, Rgba([200, 0, 0, 0])).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// A JPEG whose EXIF says it lies on its side (orientation 6).
    fn lying_jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut jpeg = Vec::new();
        RgbImage::from_pixel(width, height, Rgb([1, 2, 3])).write_with_encoder(JpegEncoder::new(&mut jpeg)).unwrap();
        let exif = b"\xff\xe1\0\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        [&jpeg[..2], exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_thumbnail_is_small_and_stands_upright() {
        let look = look(&lying_jpeg(1000, 400), "image/jpeg");
        assert_eq!(look.dimensions, Some((400, 1000)));
        let small = image::load_from_memory(&look.thumbnail.unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (192, 480));
    }

    #[test]
    fn transparency_is_white_and_small_pictures_stay_as_they_are() {
        let look = look(&png(20, 10), "image/png");
        let small = image::load_from_memory(&look.thumbnail.unwrap()).unwrap().to_rgb8();
        assert_eq!((small.width(), small.height()), (20, 10));
        assert!(small.get_pixel(5, 5).0.iter().all(|colour| *colour > 250));
    }

    #[test]
    fn a_bomb_is_kept_without_thumbnail() {
        // The header promises 60,000 × 60,000 pixels: 14 GB.
        let mut bomb = png(2, 2);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let look = look(&bomb, "image/png");
        assert!(look.thumbnail.is_none());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        bytes
            .iter()
            .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }))
            ^ u32::MAX
    }

    proptest! {
        #[test]
        fn damaged_pictures_are_no_accident(at in 0_usize..200, byte in any::<u8>(), cut in 0_usize..400) {
            for (mut bytes, media_type) in [(png(9, 9), "image/png"), (lying_jpeg(9, 9), "image/jpeg")] {
                let at = at % bytes.len();
                bytes[at] = byte;
                bytes.truncate(bytes.len() - cut % bytes.len());
                let _ = look(&bytes, media_type);
                let _ = look(&bytes, "image/webp");
                let _ = look(&bytes, "image/gif");
            }
        }
    }
}
