//! The flat list of files.

use super::layout::{Place, push_page};
use super::rows;
use super::site::Site;
use super::tree::worst_first;
use crate::natural_order::NaturalKey;

/// About as many bytes are a row.
const ROW: usize = 280;

pub(super) fn render(site: &Site<'_>) -> String {
    let mut order: Vec<usize> = (0..site.pages.len()).collect();
    order.sort_by_cached_key(|&index| {
        let file = site.pages[index].file;
        (worst_first(&file.numbers), NaturalKey::new(&file.name))
    });
    let mut out = String::with_capacity(4096 + order.len() * ROW);
    push_page(&mut out, site, Place::Files, "Files", |out| {
        out.push_str("<h1>Files</h1>\n");
        rows::push_head(out, site, "flat", "File");
        for index in order {
            let page = &site.pages[index];
            rows::push_file(out, site, page, &page.file.name, None, "");
        }
        rows::push_end(out);
    });
    out
}
