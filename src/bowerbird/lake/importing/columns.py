"""This file is about names of columns: which of them are fields of an item, and which ones feeds agree on."""

import re

COLUMNS_OF_FIELD: dict[str, str] = {
    "id": "id item_id product_id sku uid uniq_id asin gtin pin_id photo_id image_id",
    "title": "title name product_name item_name display_name productdisplayname headline text caption "
    "sentence",
    "description": "description body details long_description product_description summary alt alt_text",
    "link": "link url product_url page_url href canonical_link",
    "picture": "image picture image_link image_url image_path image_file file filename file_name path photo "
    "img picture_path media bytes image_bytes",
    "video": "video video_link video_url video_path video_file",
    "transcript": "transcript subtitles",
    "more_pictures": "additional_image_link additional_images more_pictures images pictures",
    "price": "price amount cost price_eur price_usd list_price",
    "sale_price": "sale_price",
    "sale_period": "sale_price_effective_date",
    "adult": "adult",
    "hidden": "is_hidden",
    "price_micros": "price_micros",
    "currency": "currency price_currency currency_code",
    "brand": "brand manufacturer maker vendor designer",
    "category_1": "department mastercategory master_category gender_category",
    "category_2": "category product_type google_product_category type label class category_path categories",
    "category_3": "subcategory sub_category subclass",
    "category_4": "articletype article_type product_category",
    "keywords": "keywords tags keyword tag labels hashtags genres genre",
    "language": "language lang locale content_language",
    "country": "country target_country country_code",
    "owner": "owner owner_id seller seller_id sender_id user user_id uploader author artist store",
    "availability": "availability in_stock stock_status",
    "created_ms": "created_ms created created_at date published published_at timestamp date_added pubdate",
}
"""Field → columns that are it, before any `--map`. Of two columns for one field, the first listed wins."""

NAMES_OF_FEEDS = frozenset((
    "gtin", "mpn", "condition", "item_group_id", "google_product_category", "product_type", "color",
    "material", "pattern", "size", "size_type", "size_system", "gender", "age_group", "is_bundle",
    "multipack", "unit_pricing_measure", "energy_efficiency_class", "shipping", "shipping_weight",
    "shipping_label", "tax", "mobile_link", "availability_date", "expiration_date", "identifier_exists",
    "custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4",
    "product_highlight", "product_detail", "ads_redirect", "variant_names", "variant_values",
))  # fmt: skip
"""Names of product feeds that are attributes here, however a feed spells them: `g:mpn`, `custom label 0`."""


def key_of(column: str) -> str:
    """The column's name as aliases are written: lower case, without the `g:` of feeds."""
    return re.sub(r"[\s.:-]+", "_", column.strip().lower()).removeprefix("g_")
