//! A device that says it is a certified product. Nothing else about it changes.

use gm::{Device, DeviceError, DeviceInfo, Product, SecurityLevel, Session};

/// Any device under the name of a product.
#[derive(Debug)]
pub struct ProductDevice<D> {
    inner: D,
    product: Product,
}

impl<D> ProductDevice<D> {
    /// The device, as this product.
    pub const fn new(inner: D, product: Product) -> Self {
        Self { inner, product }
    }
}

impl<D: Device> Device for ProductDevice<D> {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { kind: "module", product: Some(self.product.clone()), ..self.inner.info() }
    }

    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError> {
        self.inner.session()
    }
}

/// A product that nobody makes, with a certificate for these days (`YYYY-MM-DD`).
pub fn product(model: &str, (from, until): (&str, &str)) -> Product {
    Product {
        maker: "示例密码设备厂".into(),
        model: model.into(),
        certificate: format!("GM0099{model}"),
        level: SecurityLevel::new(2).unwrap(),
        valid_from: from.parse().unwrap(),
        valid_until: until.parse().unwrap(),
    }
}
